import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt, PromiseDelegate } from '@lumino/coreutils';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import {
  ApiError,
  type Changes,
  type GraphCell,
  type GraphEdge,
  type IApiClient,
  type SourceCell
} from '../api';
import { codeCells, hasTag } from '../notebook';
import type { IRunManager } from '../run';
import type { ITroubles } from '../troubles';
import { RanCells } from './ran';
import {
  edgeKey,
  type IDataflowChange,
  type INotebookDataflow,
  type IStale
} from './tokens';

/**
 * Keeps a notebook's graph by telling the server what was edited and what ran, one request at a
 * time: what happens meanwhile goes with the next one.
 */
export class NotebookDataflow implements INotebookDataflow {
  constructor(private _options: NotebookDataflow.IOptions) {
    const { panel } = _options;
    this._ran = new RanCells(_options);
    this._ran.changed.connect(this._onRan, this);
    panel.disposed.connect(this.dispose, this);
  }

  get cells(): ReadonlyMap<string, GraphCell> {
    return this._cells;
  }

  get edges(): ReadonlyMap<string, GraphEdge> {
    return this._edges;
  }

  get stale(): ReadonlyMap<string, IStale> {
    return this._stale;
  }

  get ready(): Promise<void> {
    return this._ready.promise;
  }

  get changed(): ISignal<INotebookDataflow, IDataflowChange> {
    return this._changed;
  }

  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  use(): IDisposable {
    this._users++;
    if (this._users === 1) {
      this._options.panel.context.ready.then(() => {
        this._start();
        this._schedule();
      }, console.error);
    }
    return new DisposableDelegate(() => {
      this._users--;
    });
  }

  async settled(): Promise<void> {
    const { ready } = this;
    // What was refused is tried again.
    void this._work();
    await ready;
    await this._worked;
    await this._work();
    if (this._error !== null) {
      throw this._error;
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._ready.reject(
      new Error(this._options.trans.__('the notebook was closed'))
    );
    this._ran.dispose();
    this._disposed.emit();
    Signal.clearData(this);
  }

  /**
   * Watch the notebook, from the first use on.
   */
  private _start(): void {
    const { panel } = this._options;
    const { model } = panel;
    if (this._isStarted || this._isDisposed || !model) {
      return;
    }
    this._isStarted = true;
    model.cells.changed.connect(this._onCells, this);
    model.metadataChanged.connect(this._schedule, this);
    panel.context.pathChanged.connect(this._schedule, this);
    panel.sessionContext.kernelChanged.connect(this._schedule, this);
    this._onCells();
  }

  /**
   * Cells were added, moved or deleted.
   */
  private _onCells(): void {
    this._isOrderChanged = true;
    this._models = codeCells(this._options.panel.model!);
    for (const cell of this._models.values()) {
      if (!this._watched.has(cell)) {
        this._watched.add(cell);
        this._edited.add(cell.id);
        cell.sharedModel.changed.connect((_, change) => {
          if (change.sourceChange) {
            this._onEdit(cell);
          }
        }, this);
        cell.metadataChanged.connect(() => this._onEdit(cell), this);
      }
    }
    this._schedule();
  }

  private _onEdit(cell: ICodeCellModel): void {
    this._edited.add(cell.id);
    this._markOwn(cell);
    this._schedule();
  }

  private _onRan(_: RanCells, id: string | null): void {
    const cell = id !== null && this._models.get(id);
    if (cell && this._isBegun) {
      const source = this._ran.get(cell.id)?.source;
      if (typeof source === 'string') {
        this._toTell.push({ ...toSourceCell(cell), source });
      }
      this._markOwn(cell);
    }
    this._schedule();
  }

  /**
   * Say of a cell what this page knows by itself: whether it is as it ran.
   */
  private _markOwn(cell: ICodeCellModel): void {
    if (!this._isBegun) {
      return;
    }
    const { id } = cell;
    const now = this._markOf(cell);
    if (isSame(now, this._stale.get(id) ?? null)) {
      return;
    }
    if (now) {
      this._stale.set(id, now);
    } else {
      this._stale.delete(id);
    }
    this._changed.emit({ cells: [], edges: [], stale: [id] });
  }

  private _markOf(cell: ICodeCellModel): IStale | null {
    const { trans } = this._options;
    const source = sourceOf(cell);
    const ran = this._ran.get(cell.id);
    if (!source.trim() && !ran?.source?.trim()) {
      return null;
    }
    if (!ran) {
      return { kind: 'never-run', why: trans.__('it has not run') };
    }
    if (ran.source !== null && ran.source !== source) {
      const why = trans.__('its code was edited since it ran');
      return { kind: 'edited', why };
    }
    switch (ran.state) {
      case 'failed':
        if (ran.refused) {
          return {
            kind: ran.refused === 'first' ? 'never-run' : 'unfinished',
            why: trans.__('it was refused when it was to run last')
          };
        }
        // One that is expected to fail has run.
        if (hasTag(cell, 'raises-exception')) {
          break;
        }
        return { kind: 'unfinished', why: trans.__('its last run failed') };
      case 'skipped':
        return {
          kind: 'unfinished',
          why: trans.__('its last run was skipped')
        };
      case 'cancelled':
        return {
          kind: 'unfinished',
          why: trans.__('its last run was cancelled')
        };
      case 'lost':
        return { kind: 'unfinished', why: trans.__('its last run was lost') };
    }
    const told = this._told.get(cell.id);
    // What was told of an edit that is undone counts no more.
    return told && !this._wereEdited.has(cell.id)
      ? { kind: 'upstream', why: told.why }
      : null;
  }

  /**
   * Work after the changes of this turn, if nothing is under way.
   */
  private _schedule(): void {
    if (this._isScheduled || this._isWorking || this._isDisposed) {
      return;
    }
    this._isScheduled = true;
    queueMicrotask(() => {
      this._isScheduled = false;
      void this._work();
    });
  }

  private _work(): Promise<void> {
    if (!this._isWorking && this._isStarted) {
      this._isWorking = true;
      this._worked = this._workOff();
    }
    return this._worked;
  }

  private async _workOff(): Promise<void> {
    clearTimeout(this._timer);
    try {
      if (!this._isStopped) {
        this._error = null;
      }
      this._checkLanguage();
      while (this._isWanted()) {
        await this._step();
      }
      this._wait = FIRST_WAIT;
    } catch (error) {
      this._onError(error);
    } finally {
      this._isWorking = false;
    }
  }

  private _onError(error: unknown): void {
    if (this._isDisposed) {
      return;
    }
    this._error = error;
    if (error instanceof ApiError && error.kind === 'offline') {
      this._timer = window.setTimeout(() => this._schedule(), this._wait);
      this._wait = Math.min(2 * this._wait, LAST_WAIT);
    } else if (error instanceof ApiError && error.kind !== 'refused') {
      // Without its server half nothing can be known.
      this._isStopped = true;
      this._ready.reject(error);
      this._options.troubles.report(error);
    } else {
      // The next edit tries again.
      this._token = null;
      this._ready.reject(error);
      this._ready = Private.ready();
      if (!(error instanceof LanguageError)) {
        console.error(error);
      }
    }
  }

  /**
   * Whether there is something to ask, and somebody who wants to know.
   */
  private _isWanted(): boolean {
    return (
      !this._isDisposed &&
      !this._isStopped &&
      this._users > 0 &&
      (this._ran.isIncomplete ||
        this._token === null ||
        this._isMoved() ||
        this._edited.size > 0 ||
        this._isOrderChanged ||
        this._toTell.length > 0)
    );
  }

  /**
   * Throw where the notebook is in a language that cannot be analysed.
   */
  private _checkLanguage(): void {
    const { model } = this._options.panel;
    const spec = model!.getMetadata('kernelspec') as
      { language?: string } | undefined;
    const info = model!.getMetadata('language_info') as
      { name?: string } | undefined;
    const language = spec?.language ?? info?.name;
    if (language && language !== 'python') {
      throw new LanguageError(
        this._options.trans.__(
          'Notebooks in %1 cannot be analysed yet: only Python',
          language
        )
      );
    }
  }

  /**
   * Whether the notebook has another path or kernelspec than was told.
   */
  private _isMoved(): boolean {
    return this._path !== this._where().join('\n');
  }

  private _where(): [string, string] {
    const { context, model, sessionContext } = this._options.panel;
    const spec = model!.getMetadata('kernelspec') as
      { name?: string } | undefined;
    const name = sessionContext.session?.kernel?.name ?? spec?.name;
    return [context.localPath, name || 'python3'];
  }

  /**
   * One request.
   */
  private async _step(): Promise<void> {
    if (this._ran.isIncomplete) {
      await this._ran.load();
    } else if (this._token === null || this._isMoved()) {
      await this._begin();
    } else {
      await this._tell();
    }
  }

  /**
   * Tell the server what has run, before all that is different since.
   */
  private async _begin(): Promise<void> {
    const [path, kernelspec] = this._where();
    if (!this._isBegun) {
      // What ran before is what it begins with; what runs from now on is told.
      this._isBegun = true;
      for (const id of this._models.keys()) {
        const source = this._ran.get(id)?.source;
        if (typeof source === 'string') {
          this._baseline.set(id, source);
        }
      }
    }
    const cells: SourceCell[] = [];
    for (const [id, cell] of this._models) {
      const source = this._baseline.get(id);
      if (source !== undefined) {
        cells.push({ ...toSourceCell(cell), source });
      }
    }
    const stale = Array.from(this._told.values())
      .filter(({ left }) => left)
      .map(({ id, why }) => ({ id, why }));
    const answer = await this._options.api.changes({
      path,
      kernelspec,
      token: null,
      cells,
      stale
    });
    this._path = `${path}\n${kernelspec}`;
    this._token = answer.token;
    this._sent = new Map(cells.map(cell => [cell.id, cell]));
    this._edited = new Set(this._models.keys());
    this._isOrderChanged = true;
    // The graph of what ran is shown to nobody: what is told next makes it that of what stands.
    this._begunWith = answer;
  }

  /**
   * Tell the server what was edited and what ran.
   */
  private async _tell(): Promise<void> {
    const models = this._models;
    const [path, kernelspec] = this._where();
    const cells: SourceCell[] = [];
    for (const id of this._edited) {
      const model = models.get(id);
      const cell = model && toSourceCell(model);
      if (cell && !JSONExt.deepEqual(cell, this._sent.get(id) ?? null)) {
        cells.push(cell);
      }
    }
    const order = Array.from(models.keys());
    const ran = inOrder(this._toTell, order);
    const edited = this._edited;
    this._edited = new Set();
    if (!cells.length && !this._isOrderChanged && !ran.length) {
      return;
    }
    const isOrderChanged = this._isOrderChanged;
    this._isOrderChanged = false;
    let answer: Changes;
    try {
      answer = await this._options.api.changes({
        path,
        kernelspec,
        token: this._token,
        cells,
        ...(isOrderChanged ? { order } : {}),
        ...(ran.length ? { ran } : {})
      });
    } catch (error) {
      edited.forEach(id => this._edited.add(id));
      this._isOrderChanged ||= isOrderChanged;
      throw error;
    }
    if (this._isDisposed) {
      return;
    }
    this._token = answer.token;
    if (answer.token === null) {
      return;
    }
    cells.forEach(cell => this._sent.set(cell.id, cell));
    this._toTell.splice(0, ran.length);
    ran.forEach(({ id, source }) => this._baseline.set(id, source));
    this._take(answer, isOrderChanged ? order : null);
    this._ready.resolve();
  }

  /**
   * Take in what is different.
   */
  private _take(answer: Changes, order: string[] | null): void {
    const begun = this._begunWith;
    this._begunWith = null;
    const cells = new Set<string>();
    const edges = new Set<string>();
    if (begun) {
      this._cells.forEach((_, id) => cells.add(id));
      this._edges.forEach((_, key) => edges.add(key));
      this._cells.clear();
      this._edges.clear();
    }
    for (const part of begun ? [begun, answer] : [answer]) {
      for (const edge of part.edges?.removed ?? []) {
        this._edges.delete(edgeKey(edge));
        edges.add(edgeKey(edge));
      }
      for (const cell of part.cells ?? []) {
        this._cells.set(cell.id, cell);
        cells.add(cell.id);
      }
      for (const edge of part.edges?.added ?? []) {
        this._edges.set(edgeKey(edge), edge);
        edges.add(edgeKey(edge));
      }
    }
    if (order) {
      const left = new Set(order);
      for (const id of this._cells.keys()) {
        if (!left.has(id)) {
          this._cells.delete(id);
          cells.add(id);
        }
      }
    }
    this._told = new Map(answer.stale?.map(mark => [mark.id, mark]));
    this._wereEdited = new Set(
      Array.from(this._told.keys()).filter(
        id => this._sent.get(id)?.source !== this._baseline.get(id)
      )
    );
    const stale = this._markAll();
    if (cells.size || edges.size || stale.length) {
      this._changed.emit({
        cells: Array.from(cells),
        edges: Array.from(edges),
        stale
      });
    }
  }

  /**
   * @returns the ids of cells that have another mark now
   */
  private _markAll(): string[] {
    const was = this._stale;
    this._stale = new Map();
    for (const cell of this._models.values()) {
      const mark = this._markOf(cell);
      if (mark) {
        this._stale.set(cell.id, mark);
      }
    }
    return Array.from(new Set([...was.keys(), ...this._stale.keys()])).filter(
      id => !isSame(was.get(id) ?? null, this._stale.get(id) ?? null)
    );
  }

  /**
   * What the server has been told of what ran.
   */
  private _baseline = new Map<string, string>();
  private _begunWith: Changes | null = null;
  private _cells = new Map<string, GraphCell>();
  private _changed = new Signal<INotebookDataflow, IDataflowChange>(this);
  private _disposed = new Signal<this, void>(this);
  private _edges = new Map<string, GraphEdge>();
  private _edited = new Set<string>();

  /**
   * Why what was done last could not be told.
   */
  private _error: unknown = null;
  private _isBegun = false;
  private _isDisposed = false;
  private _isOrderChanged = false;
  private _isScheduled = false;
  private _isStarted = false;
  private _isStopped = false;
  private _isWorking = false;
  private _models: ReadonlyMap<string, ICodeCellModel> = new Map();
  private _path = '';
  private _ran: RanCells;
  private _ready = Private.ready();
  private _sent = new Map<string, SourceCell>();
  private _stale = new Map<string, IStale>();
  private _timer = 0;
  private _token: string | null = null;

  /**
   * The server's marks, and of which cells the source was other than the one that ran.
   */
  private _told = new Map<string, NonNullable<Changes['stale']>[number]>();
  private _toTell: SourceCell[] = [];
  private _users = 0;
  private _wait = FIRST_WAIT;
  private _worked: Promise<void> = Promise.resolve();
  private _wereEdited = new Set<string>();
  private _watched = new WeakSet<ICellModel>();
}

/**
 * A namespace for `NotebookDataflow` statics.
 */
export namespace NotebookDataflow {
  export interface IOptions {
    api: IApiClient;
    panel: NotebookPanel;
    runs: IRunManager;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}

/**
 * How long, in milliseconds, is waited before a server that was not reached is asked again.
 */
const FIRST_WAIT = 1000;
const LAST_WAIT = 30000;

/**
 * The notebook is in a language that cannot be analysed.
 */
class LanguageError extends Error {}

namespace Private {
  /**
   * Something to wait for that need not be waited for.
   */
  export function ready(): PromiseDelegate<void> {
    const delegate = new PromiseDelegate<void>();
    delegate.promise.catch(() => undefined);
    return delegate;
  }
}

/**
 * What of a cell counts: one that is not to be run does nothing.
 */
function sourceOf(cell: ICodeCellModel): string {
  return hasTag(cell, 'skip-execution') ? '' : cell.sharedModel.getSource();
}

function isSame(a: IStale | null, b: IStale | null): boolean {
  return a?.kind === b?.kind && a?.why === b?.why;
}

function toSourceCell(cell: ICodeCellModel): SourceCell {
  const dossier = cell.getMetadata('dossier') as
    { effects?: unknown } | undefined;
  const effects = dossier?.effects;
  return {
    id: cell.id,
    source: sourceOf(cell),
    may_fail: hasTag(cell, 'raises-exception'),
    ...(typeof effects === 'object' && effects !== null
      ? { effects: effects as SourceCell['effects'] }
      : {})
  };
}

/**
 * The first of these that stand in this order, so that they can be told as one.
 */
function inOrder(ran: readonly SourceCell[], order: string[]): SourceCell[] {
  const places = new Map(order.map((id, index) => [id, index]));
  let last = -1;
  const end = ran.findIndex(({ id }) => {
    const place = places.get(id) ?? last + 1;
    const isBefore = place <= last;
    last = place;
    return isBefore;
  });
  return ran.slice(0, end < 0 ? ran.length : end);
}
