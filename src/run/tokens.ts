import type { INotebookModel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { NotebookRuns } from './notebookruns';

/**
 * What runs, and ran, in each open notebook.
 */
export interface IRunManager {
  /**
   * The runs of a notebook that has any, or carries targets.
   */
  find(notebook: INotebookModel): NotebookRuns | null;

  /**
   * The runs of a notebook, made when there are none.
   */
  open(notebook: INotebookModel): NotebookRuns;

  /**
   * Emitted when the runs of a notebook were made.
   */
  readonly opened: ISignal<IRunManager, IRunManager.IOpened>;
}

/**
 * A namespace for `IRunManager` statics.
 */
export namespace IRunManager {
  export interface IOpened {
    notebook: INotebookModel;
    runs: NotebookRuns;
  }
}

/**
 * The run manager token.
 */
export const IRunManager = new Token<IRunManager>(
  'jupyterlab-dossier:IRunManager',
  'The runs of the open notebooks: states of cells, order of execution, what can be cancelled.'
);
