import { type Cell, CodeCell, type ICellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { PanelLayout } from '@lumino/widgets';

import {
  getTarget,
  hasDossier,
  KERNEL,
  METADATA_KEY,
  setCellTarget
} from '../notebook';
import type { CellStates, IRunManager } from '../run';
import type { ITargetsModel } from '../targets';
import { Strip } from './strip';

/**
 * Puts a strip into the cells of a notebook that have a target.
 */
export class StripExtension implements DocumentRegistry.IWidgetExtension<
  NotebookPanel,
  INotebookModel
> {
  constructor(options: StripExtension.IOptions) {
    this._options = options;
  }

  createNew(panel: NotebookPanel): IDisposable {
    return new NotebookStrips(panel, this._options);
  }

  private _options: StripExtension.IOptions;
}

/**
 * A namespace for `StripExtension` statics.
 */
export namespace StripExtension {
  export interface IOptions {
    runs: IRunManager;
    targets: ITargetsModel;
    trans: TranslationBundle;
  }
}

/**
 * The strips of one notebook.
 */
export class NotebookStrips implements IDisposable {
  constructor(
    private _panel: NotebookPanel,
    private _options: StripExtension.IOptions
  ) {
    _panel.disposed.connect(this.dispose, this);
    _panel.context.ready.then(() => this._start(), console.error);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _start(): void {
    const model = this._panel.content.model;
    if (this._isDisposed || !model) {
      return;
    }
    model.cells.changed.connect(this._schedule, this);
    model.metadataChanged.connect(this._onNotebookMetadata, this);
    this._reconcile();
  }

  private _onNotebookMetadata(
    _: INotebookModel,
    change: { key: string }
  ): void {
    if (change.key === METADATA_KEY) {
      this._schedule();
    }
  }

  private _onCellMetadata(cell: ICellModel, change: { key: string }): void {
    if (change.key === METADATA_KEY) {
      this._schedule();
    }
  }

  private _onState(_: CellStates, id: string): void {
    for (const [cell, strip] of this._strips) {
      if (cell.model?.id === id) {
        strip.setState(this._states?.get(id) ?? null);
        strip.setOffers(this._states?.offers(id) ?? []);
      }
    }
  }

  /**
   * Look at all cells after the changes of this turn: pasting a thousand cells is one look.
   */
  private _schedule(): void {
    if (!this._isScheduled) {
      this._isScheduled = true;
      queueMicrotask(() => {
        this._isScheduled = false;
        this._reconcile();
      });
    }
  }

  private _reconcile(): void {
    const notebook = this._panel.content;
    const model = notebook.model;
    if (this._isDisposed || notebook.isDisposed || !model) {
      return;
    }
    for (const [cell] of this._strips) {
      if (cell.isDisposed) {
        this._strips.delete(cell);
      }
    }
    const fallback = getTarget(model) ?? KERNEL;
    let hasAny = hasDossier(model);
    for (const cell of notebook.widgets) {
      if (!(cell instanceof CodeCell)) {
        continue;
      }
      if (!this._watched.has(cell)) {
        this._watched.add(cell);
        cell.model.metadataChanged.connect(this._onCellMetadata, this);
      }
      const target = getTarget(cell.model);
      hasAny ||= target !== null;
      if (target === null && fallback === KERNEL) {
        this._strips.get(cell)?.dispose();
        this._strips.delete(cell);
        continue;
      }
      const strip = this._strips.get(cell) ?? this._insert(cell, model);
      strip.select.setState({ value: target, fallback, enabled: true });
    }
    if (hasAny && !this._states) {
      this._states = this._options.runs.open(model).states;
      this._states.changed.connect(this._onState, this);
    }
  }

  private _insert(cell: CodeCell, model: INotebookModel): Strip {
    const strip = new Strip(this._options);
    this._strips.set(cell, strip);
    strip.setState(
      this._options.runs.find(model)?.states.get(cell.model.id) ?? null
    );
    strip.select.picked.connect((_, target) => {
      setCellTarget(model, cell.model, target);
    });
    Private.insert(cell, strip).catch(console.error);
    void this._options.targets.refresh();
    return strip;
  }

  private _isDisposed = false;
  private _isScheduled = false;
  private _states: CellStates | null = null;
  private _strips = new Map<Cell, Strip>();
  private _watched = new WeakSet<Cell>();
}

namespace Private {
  /**
   * Put a strip between the header and the input of a cell.
   */
  export async function insert(cell: CodeCell, strip: Strip): Promise<void> {
    await cell.ready;
    if (!cell.isDisposed && !strip.isDisposed) {
      (cell.layout as PanelLayout).insertWidget(1, strip);
    }
  }
}
