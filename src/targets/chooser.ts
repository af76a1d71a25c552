import { type ICodeCellModel, isCodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel, Notebook } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import type { Target } from '../api';
import {
  effectiveTarget,
  getNotebookOptions,
  getOptions,
  getTarget,
  KERNEL,
  setCellOptions,
  setCellTargets,
  setDefaultTarget,
  setNotebookOptions
} from '../notebook';
import type { ChoiceMenu } from './menu';
import type { ITargetsModel } from './tokens';

/**
 * Lets the user choose targets of cells and notebooks, by menus at what they pressed.
 */
export class TargetChooser {
  constructor(options: TargetChooser.IOptions) {
    this._targets = options.targets;
    this._trans = options.trans;
  }

  /**
   * Choose the target of cells.
   *
   * @param more - what else can be done, where the notebook's default can be chosen too
   */
  async chooseForCells(
    notebook: Notebook,
    cells: ICodeCellModel[],
    anchor: HTMLElement,
    more: (() => ChoiceMenu.IAction[]) | null = null
  ): Promise<void> {
    const trans = this._trans;
    const model = notebook.model;
    if (!model || cells.length === 0) {
      return;
    }
    await this._open(notebook, anchor, trans.__('Target'), () => ({
      sections: [
        {
          label: trans._n(
            'Target of the cell',
            'Target of %1 cells',
            cells.length
          ),
          value: common(cells.map(getTarget)),
          choices: this._choices(
            trans.__('default (%1)', getTarget(model) ?? KERNEL),
            trans.__('as the notebook says'),
            cells.map(getTarget)
          ),
          pick: target => setCellTargets(model, cells, target)
        },
        ...(more ? [this._default(model)] : [])
      ],
      actions: [
        ...(this.schemaOf(cells)
          ? [
              {
                label: trans.__('Options…'),
                pick: () => void this.editOptions(notebook, cells)
              }
            ]
          : []),
        ...this._optionsOfAll(notebook, cells),
        ...(more?.() ?? [])
      ]
    }));
  }

  /**
   * Choose the default target of a notebook.
   */
  async chooseDefault(notebook: Notebook, anchor: HTMLElement): Promise<void> {
    const { model } = notebook;
    if (model) {
      const label = this._trans.__('Default target');
      await this._open(notebook, anchor, label, () => ({
        sections: [this._default(model)],
        actions: this._optionsOfAll(notebook, [])
      }));
    }
  }

  /**
   * Choose a target for something else.
   */
  async choose(
    notebook: Notebook,
    anchor: HTMLElement,
    label: string,
    pick: (target: string) => void
  ): Promise<void> {
    await this._open(notebook, anchor, label, () => ({
      sections: [
        {
          label,
          value: undefined,
          choices: this._targets.targets.map(target => this._choice(target)),
          pick: target => pick(target!)
        }
      ],
      actions: []
    }));
  }

  /**
   * Edit the options that cells give to their target in a dialog.
   */
  async editOptions(
    notebook: Notebook,
    cells: ICodeCellModel[]
  ): Promise<void> {
    const schema = this.schemaOf(cells);
    const { model } = notebook;
    if (!schema || !model) {
      return;
    }
    const { askOptions } = await import('./optionsdialog');
    const options = await askOptions({
      title: this._trans.__('Options of %1', getTarget(cells[0]) ?? ''),
      schema,
      options: getOptions(cells[0]),
      inherited: this.inheritedBy(model, cells[0]),
      trans: this._trans
    });
    if (options && !notebook.isDisposed) {
      setCellOptions(
        model,
        cells.filter(cell => !cell.isDisposed),
        options
      );
      notebook.activate();
    }
  }

  /**
   * Edit the options that the notebook gives to a target for all of its cells.
   */
  async editNotebookOptions(notebook: Notebook, target: string): Promise<void> {
    const schema = this._schema(target);
    const { model } = notebook;
    if (!schema || !model) {
      return;
    }
    const { askOptions } = await import('./optionsdialog');
    const options = await askOptions({
      title: this._trans.__('Options of %1 for the Notebook', target),
      schema,
      options: getNotebookOptions(model, target),
      trans: this._trans
    });
    if (options && !notebook.isDisposed) {
      setNotebookOptions(model, target, options);
      notebook.activate();
    }
  }

  /**
   * The target that the notebook can give options for: that of the cells, else its default; `null`
   * where they have several, or it takes none.
   */
  targetWithOptions(
    notebook: Notebook,
    cells: ICodeCellModel[]
  ): string | null {
    const { model } = notebook;
    const target =
      model &&
      (cells.length > 0
        ? common(cells.map(cell => effectiveTarget(model, cell)))
        : getTarget(model));
    return target && this._schema(target) ? target : null;
  }

  /**
   * What a cell asks of its own target unless it says otherwise.
   */
  inheritedBy(
    notebook: INotebookModel,
    cell: ICodeCellModel
  ): ReadonlyJSONObject {
    const target = getTarget(cell);
    return target === null ? {} : getNotebookOptions(notebook, target);
  }

  /**
   * The schema of the options that cells can give; `null` where their targets are not one, or take
   * none.
   */
  schemaOf(cells: ICodeCellModel[]): NonNullable<Target['options']> | null {
    const name = common(cells.map(getTarget));
    return name ? this._schema(name) : null;
  }

  private _optionsOfAll(
    notebook: Notebook,
    cells: ICodeCellModel[]
  ): ChoiceMenu.IAction[] {
    const target = this.targetWithOptions(notebook, cells);
    return target === null
      ? []
      : [
          {
            label: this._trans.__('Options of %1 for the notebook…', target),
            pick: () => void this.editNotebookOptions(notebook, target)
          }
        ];
  }

  private _schema(name: string): NonNullable<Target['options']> | null {
    const schema =
      this._targets.targets.find(target => target.name === name)?.options ??
      null;
    const properties = schema?.properties as object | undefined;
    return properties && Object.keys(properties).length > 0 ? schema : null;
  }

  private async _open(
    notebook: Notebook,
    anchor: HTMLElement,
    label: string,
    content: () => ChoiceMenu.IContent
  ): Promise<void> {
    void this._targets.refresh();
    const { ChoiceMenu } = await import('./menu');
    this._menu?.dispose();
    this._menu = new ChoiceMenu({
      changed: this._targets.changed,
      content,
      label,
      onClosed: () => notebook.activate()
    });
    this._menu.open(anchor);
  }

  private _default(model: INotebookModel): ChoiceMenu.ISection {
    const trans = this._trans;
    const value = getTarget(model);
    return {
      label: trans.__('Default of the notebook'),
      value,
      choices: this._choices(
        trans.__('none (%1)', KERNEL),
        trans.__('local workers when run as a workflow'),
        [value]
      ),
      pick: target => setDefaultTarget(model, target)
    };
  }

  /**
   * No target, the targets there are, and those that are set though nobody knows them here.
   */
  private _choices(
    none: string,
    detail: string,
    set: (string | null)[]
  ): ChoiceMenu.IChoice[] {
    const known = this._targets.targets.map(target => this._choice(target));
    const names = new Set(known.map(({ value }) => value));
    const unknown = new Set(set.filter(name => name && !names.has(name)));
    return [
      { label: none, detail, value: null, why: null },
      ...known,
      ...Array.from(unknown, name => ({
        label: name!,
        detail: '',
        value: name,
        why: this._trans.__('This server knows no target of that name.')
      }))
    ];
  }

  private _choice(target: Target): ChoiceMenu.IChoice {
    const trans = this._trans;
    const { name, kind, usable, costly } = target;
    const words = [
      name === kind ? '' : kind,
      usable ? trans.__('ready') : trans.__('not usable'),
      costly ? trans.__('costs') : ''
    ];
    return {
      label: name,
      detail: words.filter(word => word).join(' · '),
      value: name,
      why: usable ? null : (target.why ?? trans.__('It cannot be used now.'))
    };
  }

  private _menu: ChoiceMenu | null = null;
  private _targets: ITargetsModel;
  private _trans: TranslationBundle;
}

/**
 * A namespace for `TargetChooser` statics.
 */
export namespace TargetChooser {
  export interface IOptions {
    targets: ITargetsModel;
    trans: TranslationBundle;
  }
}

/**
 * The code cells that the user selected, the active one included.
 */
export function selectedCodeCells(notebook: Notebook): ICodeCellModel[] {
  return notebook.widgets
    .filter(cell => notebook.isSelectedOrActive(cell))
    .map(cell => cell.model)
    .filter(isCodeCellModel);
}

/**
 * The one value of all; `undefined` where they differ.
 */
function common<T>(values: T[]): T | undefined {
  return values.every(value => value === values[0]) ? values[0] : undefined;
}
