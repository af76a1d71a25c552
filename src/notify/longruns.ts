import { Notification } from '@jupyterlab/apputils';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { TaskState } from '../api';
import { codeCells, showCell } from '../notebook';
import type { CellStates, NotebookRuns } from '../run';
import type { IDossierSettings } from '../settings';
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
    } else if (!ENDS.has(state)) {
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
    took: number,
    run?: string
  ): void {
    const { notebook, openRun, panel, settings, trans } = this._options;
    if (!isLong(took, settings)) {
      return;
    }
    const where = panel();
    const name = where?.title.label ?? '';
    const number = Array.from(codeCells(notebook).keys()).indexOf(id) + 1;
    const time = Private.duration(took, trans);
    const isDone = state === 'done' || state === 'reused';
    const words = isDone
      ? trans.__('Code cell %1 of %2 ended after %3.', number, name, time)
      : trans.__('Code cell %1 of %2 failed after %3.', number, name, time);
    const show = () => where && showCell(where, id);
    const actions: Notification.IAction[] = [
      { label: trans.__('Show cell'), callback: show }
    ];
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
    const { notebook, panel, runs, settings, trans } = this._options;
    if (runs.workflow !== null) {
      this._workflowBegun ??= Date.now();
      return;
    }
    if (this._workflowBegun === null) {
      return;
    }
    const took = Date.now() - this._workflowBegun;
    this._workflowBegun = null;
    if (!isLong(took, settings)) {
      return;
    }
    const where = panel();
    const ids = Array.from(codeCells(notebook).keys());
    const failed = ids.find(id => runs.states.get(id)?.state === 'failed');
    const name = where?.title.label ?? '';
    const time = Private.duration(took, trans);
    Private.tellSystem(
      failed
        ? trans.__('The workflow run of %1 failed after %2.', name, time)
        : trans.__('The workflow run of %1 ended after %2.', name, time),
      () => where && showCell(where, failed ?? ids[ids.length - 1])
    );
  }

  private _begun = new Map<string, number>();
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

/**
 * The states in which a task stays.
 */
const ENDS = new Set<TaskState>([
  'done',
  'reused',
  'failed',
  'skipped',
  'cancelled',
  'lost'
]);

namespace Private {
  /**
   * A time in words.
   */
  export function duration(took: number, trans: TranslationBundle): string {
    const seconds = Math.round(took / 1000);
    const minutes = Math.round(seconds / 60);
    if (seconds < 60) {
      return trans._n('%1 second', '%1 seconds', seconds);
    }
    return minutes < 60
      ? trans._n('%1 minute', '%1 minutes', minutes)
      : trans.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
  }

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
