import { type Cell, CodeCell } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { PanelLayout } from '@lumino/widgets';

import type {
  IDataflow,
  IDataflowChange,
  INotebookDataflow,
  IStale
} from '../dataflow';
import {
  getOptions,
  getTarget,
  hasDossier,
  KERNEL,
  METADATA_KEY
} from '../notebook';
import type { CellNotes } from '../preflight';
import type { CellStates, IRunManager } from '../run';
import type { IDossierSettings } from '../settings';
import { PromptMark } from '../stale';
import {
  type ITargetsModel,
  selectedCodeCells,
  TargetChooser
} from '../targets';
import { Strip } from './strip';

/**
 * Puts strips into the cells of notebooks.
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
    dataflow: IDataflow;
    runs: IRunManager;
    settings: IDossierSettings;
    targets: ITargetsModel;
    trans: TranslationBundle;
  }
}

/**
 * The strips of one notebook.
 *
 * A change of hundreds of cells does not hold the page up: what the user may see is looked after at
 * once, the rest when there is time.
 */
export class NotebookStrips implements IDisposable {
  constructor(
    private _panel: NotebookPanel,
    private _options: StripExtension.IOptions
  ) {
    this._chooser = new TargetChooser(_options);
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
    this._options.settings.changed.disconnect(this._markAll, this);
    this._options.runs.opened.disconnect(this._onRuns, this);
    this._dataflowUse?.dispose();
    Signal.clearData(this);
  }

  private _start(): void {
    const model = this._panel.content.model;
    if (this._isDisposed || !model) {
      return;
    }
    model.cells.changed.connect(this._markAll, this);
    model.metadataChanged.connect(this._onNotebookMetadata, this);
    this._options.settings.changed.connect(this._markAll, this);
    this._options.runs.opened.connect(this._onRuns, this);
    this._onRuns();
    this._markAll();
  }

  /**
   * The states are there when the first run is.
   */
  private _onRuns(): void {
    const model = this._panel.content.model;
    const runs = model && this._options.runs.find(model);
    if (runs && runs.states !== this._states) {
      this._states = runs.states;
      this._notes = runs.notes;
      runs.states.changed.connect(this._onState, this);
      runs.notes.changed.connect(this._onNotes, this);
    }
  }

  private _onNotes(notes: CellNotes, id: string): void {
    this._strips.get(id)?.strip.setNotes(notes.get(id));
  }

  private _onState(_: CellStates, id: string): void {
    const known = this._strips.get(id);
    if (known) {
      this._showState(id, known.strip);
    }
  }

  private _showState(id: string, strip: Strip): void {
    strip.setState(
      this._states?.get(id) ?? null,
      this._states?.offers(id) ?? [],
      this._staleOf(id)
    );
  }

  private _staleOf(id: string): IStale | null {
    return (this._dataflowUse && this._dataflow?.stale.get(id)) ?? null;
  }

  private _onDataflow(_: INotebookDataflow, { stale }: IDataflowChange): void {
    for (const id of stale) {
      const cell = this._cells.get(id);
      if (cell && !cell.isDisposed) {
        this._marked.add(cell);
      }
    }
    if (stale.length) {
      this._schedule();
    }
  }

  /**
   * Ask which cells are stale, in a notebook that uses what is ours, if the user wants to know.
   */
  private _useDataflow(hasAny: boolean): void {
    if (!hasAny || !this._options.settings.values.markStale) {
      this._dataflowUse?.dispose();
      this._dataflowUse = null;
    } else if (!this._dataflowUse) {
      if (!this._dataflow) {
        this._dataflow = this._options.dataflow.of(this._panel);
        this._dataflow.changed.connect(this._onDataflow, this);
      }
      this._dataflowUse = this._dataflow.use();
    }
  }

  private _onNotebookMetadata(
    _: INotebookModel,
    change: { key: string }
  ): void {
    if (change.key === METADATA_KEY) {
      this._markAll();
    }
  }

  private _markAll(): void {
    this._areAllMarked = true;
    this._schedule();
  }

  /**
   * Look at the marked cells after the changes of this turn.
   */
  private _schedule(): void {
    if (!this._isScheduled) {
      this._isScheduled = true;
      queueMicrotask(() => {
        this._isScheduled = false;
        this._work(FIRST);
      });
    }
  }

  /**
   * Look after marked cells, those near the active one first.
   *
   * @param atOnce - how many, however long it takes
   * @param until - when to leave the rest for later
   */
  private _work(atOnce: number, until = 0): void {
    const notebook = this._panel.content;
    const model = notebook.model;
    if (this._isDisposed || notebook.isDisposed || !model) {
      return;
    }
    if (this._areAllMarked) {
      this._areAllMarked = false;
      this._watch();
    }
    const active = notebook.activeCellIndex;
    const marked = notebook.widgets
      .map((cell, index) => ({ cell, distance: Math.abs(index - active) }))
      .filter(({ cell }) => this._marked.has(cell))
      .sort((a, b) => a.distance - b.distance);
    let done = 0;
    for (const { cell } of marked) {
      if (done >= atOnce && performance.now() >= until) {
        break;
      }
      this._marked.delete(cell);
      this._update(cell as CodeCell, model);
      done++;
    }
    if (done < marked.length && !this._isWaiting) {
      this._isWaiting = true;
      Private.whenIdle(() => {
        this._isWaiting = false;
        this._work(1, performance.now() + SLICE);
      });
    }
  }

  /**
   * Mark all code cells, and watch those that are new.
   */
  private _watch(): void {
    const notebook = this._panel.content;
    const model = notebook.model!;
    let hasAny = hasDossier(model);
    this._cells.clear();
    for (const cell of notebook.widgets) {
      if (!(cell instanceof CodeCell)) {
        continue;
      }
      this._marked.add(cell);
      this._cells.set(cell.model.id, cell);
      hasAny ||= hasDossier(cell.model);
      if (!this._watched.has(cell)) {
        this._watched.add(cell);
        cell.model.metadataChanged.connect((_, { key }) => {
          if (key === METADATA_KEY) {
            this._mark(cell);
          }
        }, this);
      }
    }
    for (const [id, { cell }] of this._strips) {
      if (cell.isDisposed) {
        this._strips.delete(id);
      }
    }
    for (const [id, mark] of this._promptMarks) {
      if (mark.cell.isDisposed) {
        mark.dispose();
        this._promptMarks.delete(id);
      }
    }
    this._useDataflow(hasAny);
    if (hasAny) {
      this._options.runs.open(model);
      void this._options.targets.refresh();
    }
  }

  private _mark(cell: CodeCell): void {
    this._marked.add(cell);
    this._schedule();
    if (hasDossier(cell.model)) {
      if (!this._states) {
        this._options.runs.open(this._panel.content.model!);
      }
      this._useDataflow(true);
    }
  }

  /**
   * Give a cell the strip that it is to have, or take it away.
   */
  private _update(cell: CodeCell, model: INotebookModel): void {
    if (cell.isPlaceholder()) {
      // It has no layout before it comes near the viewport.
      cell.ready.then(() => this._mark(cell), console.error);
      return;
    }
    const id = cell.model.id;
    let known = this._strips.get(id);
    if (known && known.cell !== cell) {
      // A moved cell is another widget.
      this._strips.delete(id);
      known = undefined;
    }
    const target = getTarget(cell.model);
    const fallback = getTarget(model) ?? KERNEL;
    if (!this._isWanted(target, fallback)) {
      known?.strip.dispose();
      this._strips.delete(id);
      this._markPrompt(cell, this._staleOf(id));
      return;
    }
    this._markPrompt(cell, null);
    const strip = known?.strip ?? this._insert(cell);
    strip.setTarget(target, fallback, getOptions(cell.model));
    this._showState(id, strip);
  }

  /**
   * Mark a cell that has no strip.
   */
  private _markPrompt(cell: CodeCell, stale: IStale | null): void {
    const { id } = cell.model;
    let mark = this._promptMarks.get(id);
    if (mark && (mark.cell !== cell || !stale)) {
      mark.dispose();
      this._promptMarks.delete(id);
      mark = undefined;
    }
    if (stale) {
      mark ??= new PromptMark(cell, this._options.trans);
      this._promptMarks.set(id, mark);
      mark.show(stale);
    }
  }

  private _isWanted(target: string | null, fallback: string): boolean {
    switch (this._options.settings.values.strip) {
      case 'always':
        return true;
      case 'never':
        return false;
      default:
        return target !== null || fallback !== KERNEL;
    }
  }

  private _insert(cell: CodeCell): Strip {
    const notebook = this._panel.content;
    // What is done on a selected cell is done on all of them, as everywhere in a notebook.
    const cells = () =>
      notebook.isSelectedOrActive(cell)
        ? selectedCodeCells(notebook)
        : [cell.model];
    const strip = new Strip({
      trans: this._options.trans,
      chooseTarget: anchor => {
        this._chooser
          .chooseForCells(notebook, cells(), anchor)
          .catch(console.error);
      },
      editOptions: () => {
        this._chooser.editOptions(notebook, cells()).catch(console.error);
      }
    });
    const { id } = cell.model;
    this._strips.set(id, { cell, strip });
    strip.setNotes(this._notes?.get(id) ?? []);
    // Between the header and the input.
    (cell.layout as PanelLayout).insertWidget(1, strip);
    return strip;
  }

  private _areAllMarked = false;
  private _cells = new Map<string, CodeCell>();
  private _chooser: TargetChooser;
  private _dataflow: INotebookDataflow | null = null;
  private _dataflowUse: IDisposable | null = null;
  private _isDisposed = false;
  private _isScheduled = false;
  private _isWaiting = false;
  private _marked = new WeakSet<Cell>();
  private _notes: CellNotes | null = null;
  private _promptMarks = new Map<string, PromptMark>();
  private _states: CellStates | null = null;
  private _strips = new Map<string, { cell: CodeCell; strip: Strip }>();
  private _watched = new WeakSet<Cell>();
}

/**
 * How many cells are looked after in the turn of a change: more than stand on a screen.
 */
const FIRST = 30;

/**
 * How long, in milliseconds, the others may take at a time.
 */
const SLICE = 8;

namespace Private {
  /**
   * Call a function when the page has time, soon.
   */
  export function whenIdle(call: () => void): void {
    if (typeof requestIdleCallback === 'function') {
      requestIdleCallback(call, { timeout: 200 });
    } else {
      setTimeout(call, 16);
    }
  }
}
