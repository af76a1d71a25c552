import type { NotebookPanel } from '@jupyterlab/notebook';

import { NotebookDataflow } from './dataflow';
import type { IDataflow, INotebookDataflow } from './tokens';

/**
 * Keeps one graph for each panel, as long as that lives.
 */
export class DataflowManager implements IDataflow {
  constructor(private _options: DataflowManager.IOptions) {}

  of(panel: NotebookPanel): INotebookDataflow {
    let found = this._found.get(panel);
    if (!found) {
      found = new NotebookDataflow({ panel, ...this._options });
      this._found.set(panel, found);
    }
    return found;
  }

  private _found = new WeakMap<NotebookPanel, NotebookDataflow>();
}

/**
 * A namespace for `DataflowManager` statics.
 */
export namespace DataflowManager {
  export type IOptions = Omit<NotebookDataflow.IOptions, 'panel'>;
}
