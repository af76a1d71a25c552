import { type Cell, isCodeCellModel } from '@jupyterlab/cells';
import { NotebookTools } from '@jupyterlab/notebook';
import { PanelLayout } from '@lumino/widgets';

import { getOptions, getTarget, KERNEL, setCellOptions } from '../notebook';
import type { CellStates, IRunManager } from '../run';
import { CellStatus } from '../strip';
import {
  type ITargetsModel,
  selectedCodeCells,
  TargetButton,
  TargetChooser
} from '../targets';
import type { OptionsForm } from '../targets/form';

/**
 * The tool of the property inspector: target, options and state of the active cell, and the
 * notebook's default.
 */
export class DossierTool extends NotebookTools.Tool {
  constructor(options: DossierTool.IOptions) {
    super();
    const { runs, targets, trans } = options;
    this._runs = runs;
    this._targets = targets;
    this._trans = trans;
    this._chooser = new TargetChooser(options);
    this.addClass('jp-DossierTool');
    this.node.dataset.lmSuppressShortcuts = 'true';
    this._target = new TargetButton({ trans, open: this._chooseTarget });
    this._default = new TargetButton({
      trans,
      label: trans.__('Default of the notebook'),
      none: name => trans.__('none (%1)', name),
      open: this._chooseDefault
    });
    this._status = new CellStatus(trans);
    this._cellPart = document.createElement('div');
    this._cellPart.className = 'jp-DossierTool-cell';
    this._cellPart.append(this._target.node, this._status.node);
    this.node.append(this._cellPart, this._default.node);
    this.layout = new PanelLayout();
    runs.opened.connect(this._refresh, this);
    targets.changed.connect(this._refresh, this);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._runs.opened.disconnect(this._refresh, this);
    this._targets.changed.disconnect(this._refresh, this);
    this._states?.changed.disconnect(this._onState, this);
    super.dispose();
  }

  protected override onAfterAttach(): void {
    this._refresh();
  }

  protected override onAfterShow(): void {
    this._refresh();
  }

  protected override onActiveNotebookPanelChanged(): void {
    this._refresh();
  }

  protected override onActiveNotebookPanelMetadataChanged(): void {
    this._refresh();
  }

  protected override onActiveCellChanged(): void {
    this._refresh();
  }

  protected override onActiveCellMetadataChanged(): void {
    this._refresh();
  }

  private get _cell(): Cell | null {
    const cell = this.notebookTools.activeCell;
    return cell && !cell.isDisposed && isCodeCellModel(cell.model)
      ? cell
      : null;
  }

  private _chooseTarget = (anchor: HTMLElement): void => {
    const notebook = this.notebookTools.activeNotebookPanel?.content;
    if (notebook) {
      this._chooser
        .chooseForCells(notebook, selectedCodeCells(notebook), anchor)
        .catch(console.error);
    }
  };

  private _chooseDefault = (anchor: HTMLElement): void => {
    const notebook = this.notebookTools.activeNotebookPanel?.content;
    if (notebook) {
      this._chooser.chooseDefault(notebook, anchor).catch(console.error);
    }
  };

  private _refresh(): void {
    const panel = this.notebookTools?.activeNotebookPanel;
    const model = panel?.content.model;
    if (this.isDisposed || !this.isVisible) {
      return;
    }
    this._default.node.hidden = !model;
    this._default.setTarget(model ? getTarget(model) : null, KERNEL);
    const cell = this._cell;
    this._cellPart.hidden = !cell || !model;
    const states = (model && this._runs.find(model)?.states) ?? null;
    if (states !== this._states) {
      this._states?.changed.disconnect(this._onState, this);
      this._states = states;
      states?.changed.connect(this._onState, this);
    }
    if (cell && model) {
      this._target.setTarget(getTarget(cell.model), getTarget(model) ?? KERNEL);
      this._showState();
    }
    this._showForm().catch(console.error);
  }

  private _onState(_: CellStates, id: string): void {
    if (id === this._cell?.model.id) {
      this._showState();
    }
  }

  private _showState(): void {
    const id = this._cell?.model.id;
    const states = id ? this._states : null;
    this._status.show(states?.get(id!) ?? null, states?.offers(id!) ?? []);
  }

  /**
   * Show the options of the cell's own target where it takes any.
   */
  private async _showForm(): Promise<void> {
    const cell = this._cell;
    const model = cell && isCodeCellModel(cell.model) ? cell.model : null;
    const schema = model && this._chooser.schemaOf([model]);
    const notebook = this.notebookTools.activeNotebookPanel?.content.model;
    const inherited =
      model && notebook ? this._chooser.inheritedBy(notebook, model) : {};
    const key = schema
      ? `${model!.id} ${JSON.stringify([schema, inherited])}`
      : '';
    if (key !== this._formKey) {
      this._formKey = key;
      this._form?.dispose();
      this._form = null;
      if (!schema || !model) {
        return;
      }
      const { OptionsForm } = await import('../targets/form');
      if (this._formKey !== key || this.isDisposed) {
        return;
      }
      this._form = new OptionsForm({
        schema,
        inherited,
        options: getOptions(model),
        trans: this._trans
      });
      this._form.changed.connect((_, options) => {
        const notebook = this.notebookTools.activeNotebookPanel?.content.model;
        if (notebook && !model.isDisposed) {
          setCellOptions(notebook, [model], options);
        }
      });
      (this.layout as PanelLayout).addWidget(this._form);
    } else if (model) {
      this._form?.setOptions(getOptions(model));
    }
  }

  private _cellPart: HTMLElement;
  private _chooser: TargetChooser;
  private _default: TargetButton;
  private _form: OptionsForm | null = null;
  private _formKey = '';
  private _runs: IRunManager;
  private _states: CellStates | null = null;
  private _status: CellStatus;
  private _target: TargetButton;
  private _targets: ITargetsModel;
  private _trans: DossierTool.IOptions['trans'];
}

/**
 * A namespace for `DossierTool` statics.
 */
export namespace DossierTool {
  export interface IOptions extends TargetChooser.IOptions {
    runs: IRunManager;
  }
}
