import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type Cell, isCodeCellModel } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { companionProperty } from '../notebook';
import type { IRunManager, NotebookRuns } from '../run';

/**
 * What commands act on: the notebook in front, or the one that the widget in front is about.
 */
export class Current {
  constructor(private _options: Current.IOptions) {}

  get panel(): NotebookPanel | null {
    const { shell, tracker } = this._options;
    const { currentWidget } = shell;
    const panel = tracker.currentWidget;
    return panel && panel === currentWidget
      ? panel
      : currentWidget && companionProperty.get(currentWidget);
  }

  /**
   * The active cell, where it is a code cell.
   */
  get cell(): Cell | null {
    const cell = this.panel?.content.activeCell;
    return cell && isCodeCellModel(cell.model) ? cell : null;
  }

  /**
   * What of the notebook has run here.
   */
  get runs(): NotebookRuns | null {
    const model = this.panel?.content.model;
    return model ? this._options.runs.find(model) : null;
  }

  /**
   * Where a menu about a cell stands: where it was asked for outside of the notebook, else at the
   * cell's strip, else at its input.
   */
  anchorIn(cell: Cell): HTMLElement {
    const widget = this._options.shell.currentWidget;
    if (widget && companionProperty.get(widget)) {
      return document.activeElement?.closest('button') ?? widget.node;
    }
    return (
      cell.node.querySelector<HTMLElement>('.jp-DossierTargetButton') ??
      cell.inputArea?.node ??
      cell.node
    );
  }
}

/**
 * A namespace for `Current` statics.
 */
export namespace Current {
  export interface IOptions {
    runs: IRunManager;
    shell: JupyterFrontEnd.IShell;
    tracker: INotebookTracker;
  }
}
