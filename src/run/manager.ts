import type { INotebookModel } from '@jupyterlab/notebook';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IApiClient } from '../api';
import { NotebookRuns } from './notebookruns';
import type { IRunManager } from './tokens';

/**
 * Keeps one `NotebookRuns` for each notebook model, as long as that lives.
 */
export class RunManager implements IRunManager {
  constructor(options: RunManager.IOptions) {
    this._options = options;
  }

  find(notebook: INotebookModel): NotebookRuns | null {
    return this._runs.get(notebook) ?? null;
  }

  open(notebook: INotebookModel): NotebookRuns {
    let runs = this._runs.get(notebook);
    if (!runs) {
      runs = new NotebookRuns({ notebook, ...this._options });
      this._runs.set(notebook, runs);
      this._opened.emit({ notebook, runs });
    }
    return runs;
  }

  get opened(): ISignal<IRunManager, IRunManager.IOpened> {
    return this._opened;
  }

  private _opened = new Signal<IRunManager, IRunManager.IOpened>(this);
  private _options: RunManager.IOptions;
  private _runs = new WeakMap<INotebookModel, NotebookRuns>();
}

/**
 * A namespace for `RunManager` statics.
 */
export namespace RunManager {
  export interface IOptions {
    api: IApiClient;

    /**
     * Ask the user for what a cell's `input()` waits for; `null` where they refuse.
     */
    askInput: (request: NotebookRuns.IInputRequest) => Promise<string | null>;

    /**
     * Show how far values are that are loaded into the kernel, if that takes long.
     */
    showLoading: (load: NotebookRuns.ILoad) => void;
  }
}
