import { type Cell, isCodeCellModel } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';

import { getTarget, KERNEL } from '../notebook';
import { TargetButton } from './button';
import { selectedCodeCells, TargetChooser } from './chooser';
import type { ChoiceMenu } from './menu';

/**
 * The button in the notebook's toolbar: the target of the selected cells, and the default.
 */
export class ToolbarTarget extends Widget {
  constructor(options: ToolbarTarget.IOptions) {
    super();
    this.addClass('jp-DossierToolbarTarget');
    const { notebook } = options;
    const chooser = new TargetChooser(options);
    this._notebook = notebook;
    this._button = new TargetButton({
      open: anchor => {
        const cells = selectedCodeCells(notebook);
        const opened =
          cells.length > 0
            ? chooser.chooseForCells(notebook, cells, anchor, options.actions)
            : chooser.chooseDefault(notebook, anchor);
        opened.catch(console.error);
      },
      trans: options.trans
    });
    this.node.append(this._button.node);
    notebook.activeCellChanged.connect(this._onActiveCell, this);
    notebook.modelChanged.connect(this._onModel, this);
    this._onModel();
    this._onActiveCell(notebook, notebook.activeCell);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._notebook.activeCellChanged.disconnect(this._onActiveCell, this);
    this._notebook.modelChanged.disconnect(this._onModel, this);
    this._notebook.model?.metadataChanged.disconnect(this._refresh, this);
    this._disconnectCell();
    super.dispose();
  }

  private _onModel(): void {
    this._notebook.model?.metadataChanged.connect(this._refresh, this);
    this._refresh();
  }

  private _onActiveCell(_: Notebook, cell: Cell | null): void {
    this._disconnectCell();
    this._cell = cell;
    cell?.model?.metadataChanged.connect(this._refresh, this);
    this._refresh();
  }

  private _disconnectCell(): void {
    if (this._cell && !this._cell.isDisposed) {
      this._cell.model?.metadataChanged.disconnect(this._refresh, this);
    }
  }

  private _refresh(): void {
    const notebook = this._notebook.model;
    const cell = this._cell && !this._cell.isDisposed ? this._cell.model : null;
    const isCode = !!cell && isCodeCellModel(cell);
    this._button.setTarget(
      isCode ? getTarget(cell) : null,
      (notebook && getTarget(notebook)) ?? KERNEL
    );
  }

  private _button: TargetButton;
  private _cell: Cell | null = null;
  private _notebook: Notebook;
}

/**
 * A namespace for `ToolbarTarget` statics.
 */
export namespace ToolbarTarget {
  export interface IOptions extends TargetChooser.IOptions {
    notebook: Notebook;

    /**
     * What else can be done with the selected cells.
     */
    actions: () => ChoiceMenu.IAction[];
  }
}
