import { Notification } from '@jupyterlab/apputils';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { isTaskEnd, type TaskState } from '../api';
import { codeCells, showCell } from '../notebook';
import type { CellStates, NotebookRuns } from '../run';
import type { IDossierSettings } from '../settings';
import { took } from '../ui/words';
import { isLong } from './long';

/**
 * Tells the user that something in a notebook ended after a long time.
 *
 * What ends soon is seen by who started it. The page tells of a cell; of a workflow it tells
 * anyway, so that only the system is told here.
 */
export class LongRuns {
  constructor(options: LongRuns.IOptions) {
    this._options = options;
    const { runs } = options;
    runs.states.changed.connect(this._onState, this);
    runs.changed.connect(this._onRuns, this);
    this._onRuns();
  }

  private _onState(states: CellStates, id: string): void {
    const { run, state } = states.get(id) ?? {};
    if (!state) {
      this._begun.delete(id);
    } else if (!isTaskEnd(state)) {
      this._note();
      if (!this._begun.has(id)) {
        this._begun.set(id, Date.now());
      }
    } else {
      const begun = this._begun.get(id);
      this._begun.delete(id);
      const isOwn = this._workflowBegun === null;
      if (begun !== undefined && isOwn && state !== 'cancelled') {
        this._onCellEnd(id, state, Date.now() - begun, run);
      }
    }
  }

  private _onCellEnd(
    id: string,
    state: TaskState,
    lasted: number,
    run?: string
  ): void {
    const { openRun, settings, trans } = this._options;
    if (!isLong(lasted, settings)) {
      return;
    }
    const where = this._note();
    const name = this._name;
    const number = this._cells.indexOf(id) + 1;
    const time = took(lasted / 1000, trans);
    const isDone = state === 'done' || state === 'reused';
    const words = isDone
      ? trans.__('Code cell %1 of %2 ended after %3.', number, name, time)
      : trans.__('Code cell %1 of %2 failed after %3.', number, name, time);
    const show = () => where && showCell(where, id);
    const actions: Notification.IAction[] = where
      ? [{ label: trans.__('Show cell'), callback: show }]
      : [];
    if (run) {
      actions.push({
        label: trans.__('Open run'),
        callback: () => openRun(run)
      });
    }
    if (Private.canAsk()) {
      actions.push({
        label: trans.__('Tell me in other windows too'),
        callback: () => void globalThis.Notification.requestPermission()
      });
    }
    Notification.emit(words, isDone ? 'success' : 'error', {
      autoClose: false,
      actions
    });
    Private.tellSystem(words, show);
  }

  private _onRuns(): void {
    const { runs, settings, trans } = this._options;
    if (runs.workflow !== null) {
      this._note();
      this._workflowBegun ??= Date.now();
      return;
    }
    if (this._workflowBegun === null) {
      return;
    }
    const lasted = Date.now() - this._workflowBegun;
    this._workflowBegun = null;
    if (!isLong(lasted, settings)) {
      return;
    }
    const where = this._note();
    const name = this._name;
    const ids = this._cells;
    const failed = ids.find(id => runs.states.get(id)?.state === 'failed');
    const time = took(lasted / 1000, trans);
    Private.tellSystem(
      failed
        ? trans.__('The workflow run of %1 failed after %2.', name, time)
        : trans.__('The workflow run of %1 ended after %2.', name, time),
      () => where && showCell(where, failed ?? ids[ids.length - 1])
    );
  }

  /**
   * Note what the notebook is called and which cells it has: it may be closed when a run ends.
   *
   * @returns where it is open, if it still is
   */
  private _note(): NotebookPanel | null {
    const { notebook, panel } = this._options;
    const where = panel();
    if (!notebook.isDisposed) {
      this._cells = Array.from(codeCells(notebook).keys());
      this._name = where?.title.label ?? this._name;
    }
    return where;
  }

  private _begun = new Map<string, number>();
  private _cells: readonly string[] = [];
  private _name = '';
  private _options: LongRuns.IOptions;
  private _workflowBegun: number | null = null;
}

/**
 * A namespace for `LongRuns` statics.
 */
export namespace LongRuns {
  export interface IOptions {
    notebook: INotebookModel;

    /**
     * Show a run with all that is known of it.
     */
    openRun: (run: string) => void;

    /**
     * Where the notebook is open, if it still is.
     */
    panel: () => NotebookPanel | null;
    runs: NotebookRuns;
    settings: IDossierSettings;
    trans: TranslationBundle;
  }
}

namespace Private {
  /**
   * Whether the user was never asked for notifications of the browser.
   */
  export function canAsk(): boolean {
    return globalThis.Notification?.permission === 'default';
  }

  /**
   * Tell who does not see the page, where they allowed it.
   */
  export function tellSystem(words: string, show: () => void): void {
    if (!document.hidden || globalThis.Notification?.permission !== 'granted') {
      return;
    }
    const notification = new globalThis.Notification('JupyterLab', {
      body: words
    });
    notification.onclick = () => {
      window.focus();
      show();
    };
  }
}
