import { type Cell, isCodeCellModel } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import { PanelLayout, Widget } from '@lumino/widgets';

import { getTarget, KERNEL, setCellTarget } from '../notebook';
import { TargetSelect } from './select';

/**
 * The dropdown in the notebook's toolbar: the target of the selected cells.
 */
export class ToolbarTarget extends Widget {
  constructor(options: ToolbarTarget.IOptions) {
    super();
    this.addClass('jp-DossierToolbarTarget');
    this.node.dataset.lmSuppressShortcuts = 'true';
    this._notebook = options.notebook;
    this._select = new TargetSelect(options);
    const layout = new PanelLayout();
    this.layout = layout;
    layout.addWidget(this._select);
    this._select.picked.connect(this._onPicked, this);
    this._notebook.activeCellChanged.connect(this._onActiveCell, this);
    this._notebook.modelChanged.connect(this._onModel, this);
    this._onModel();
    this._onActiveCell(this._notebook, this._notebook.activeCell);
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

  private _onPicked(_: TargetSelect, target: string | null): void {
    setSelectedTargets(this._notebook, target);
    this._notebook.activate();
  }

  private _refresh(): void {
    const notebook = this._notebook.model;
    const cell = this._cell && !this._cell.isDisposed ? this._cell.model : null;
    const isCode = !!cell && isCodeCellModel(cell);
    this._select.setState({
      value: isCode ? getTarget(cell) : null,
      fallback: (notebook && getTarget(notebook)) ?? KERNEL,
      enabled: isCode
    });
  }

  private _cell: Cell | null = null;
  private _notebook: Notebook;
  private _select: TargetSelect;
}

/**
 * A namespace for `ToolbarTarget` statics.
 */
export namespace ToolbarTarget {
  export interface IOptions extends TargetSelect.IOptions {
    notebook: Notebook;
  }
}

/**
 * Set the target of the selected code cells; `null` takes it away.
 */
export function setSelectedTargets(
  notebook: Notebook,
  target: string | null
): void {
  const { model } = notebook;
  if (!model) {
    return;
  }
  for (const cell of notebook.widgets) {
    if (notebook.isSelectedOrActive(cell) && isCodeCellModel(cell.model)) {
      setCellTarget(model, cell.model, target);
    }
  }
}
