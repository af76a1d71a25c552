import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { codeCells } from '../notebook';
import type { IRunManager, NotebookRuns } from '../run';
import type { ITroubles } from '../troubles';

/**
 * How long a cell may take to react to an interrupt before Kill is offered, in milliseconds.
 */
const PATIENCE = 1000;

/**
 * Offers to kill cells that run elsewhere and do not react to an interrupt.
 */
export class Interrupter {
  constructor(options: Interrupter.IOptions) {
    this._runs = options.runs;
    this._trans = options.trans;
    this._troubles = options.troubles;
  }

  /**
   * Offer to kill the cell that runs elsewhere and was interrupted, if it goes on.
   */
  watch(notebook: INotebookModel, runs: NotebookRuns): void {
    const run = runs.running?.run;
    if (run && !this._offered.has(run)) {
      const { cell } = runs.running!;
      const number = Array.from(codeCells(notebook).keys()).indexOf(cell) + 1;
      this._offered.add(run);
      window.setTimeout(() => {
        if (runs.running?.run === run) {
          this._offer(number, runs);
        } else {
          this._offered.delete(run);
        }
      }, PATIENCE);
    }
  }

  /**
   * Kill the cell of a notebook that runs elsewhere, if the user means it.
   */
  async kill(notebook: INotebookModel): Promise<void> {
    const runs = this._runs.find(notebook);
    if (!runs?.running) {
      return;
    }
    const trans = this._trans;
    const { button } = await showDialog({
      title: trans.__('Kill the cell?'),
      body: trans.__(
        'Its worker kernel is ended. Variables that live only there are lost.'
      ),
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Kill') })
      ]
    });
    if (button.accept) {
      await this._kill(runs);
    }
  }

  private _offer(number: number, runs: NotebookRuns): void {
    const { run, cell } = runs.running!;
    const trans = this._trans;
    const kill = {
      label: trans.__('Kill'),
      caption: trans.__(
        'End the worker kernel of the cell; variables that live only there are lost'
      )
    };
    const id = Notification.warning(
      trans.__(
        'Code cell %1 does not react to the interrupt. Kill ends its worker kernel: variables that live only there are lost.',
        number
      ),
      {
        autoClose: false,
        actions: [{ ...kill, callback: () => void this._kill(runs) }]
      }
    );
    const offer = runs.states.offer(cell, {
      ...kill,
      execute: () => void this._kill(runs)
    });
    const withdraw = () => {
      if (runs.running?.run !== run) {
        runs.changed.disconnect(withdraw);
        this._offered.delete(run);
        Notification.dismiss(id);
        offer.dispose();
      }
    };
    runs.changed.connect(withdraw);
  }

  private async _kill(runs: NotebookRuns): Promise<void> {
    try {
      await runs.kill();
    } catch (error) {
      this._troubles.report(error);
    }
  }

  private _offered = new Set<string>();
  private _runs: IRunManager;
  private _trans: TranslationBundle;
  private _troubles: ITroubles;
}

/**
 * A namespace for `Interrupter` statics.
 */
export namespace Interrupter {
  export interface IOptions {
    runs: IRunManager;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}
