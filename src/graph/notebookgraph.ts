import {
  type ICodeCellModel,
  isCodeCellModel,
  isMarkdownCellModel
} from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer, Throttler } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { type GraphEdge, type IApiClient, isTaskEnd } from '../api';
import {
  edgeKey,
  type IDataflow,
  type IDataflowChange,
  type INotebookDataflow
} from '../dataflow';
import { codeCells, getTarget, KERNEL } from '../notebook';
import type { CellStates, IRunManager, NotebookRuns } from '../run';
import { cellLabel, headingOf } from './labels';
import type {
  IGraphChange,
  IGraphEdge,
  IGraphModel,
  IGraphNode
} from './model';

/**
 * The graph of an open notebook: what its analysis says, how its cells run now, and what times and
 * sizes its newest runs had.
 */
export class NotebookGraph implements IGraphModel {
  constructor(private _options: NotebookGraph.IOptions) {
    const { dataflow, panel, runs } = _options;
    this._flow = dataflow.of(panel);
    this._use = this._flow.use();
    this._soon = new Throttler(() => this._refresh(), {
      limit: REFRESH,
      edge: 'trailing'
    });
    this._rest = new Debouncer(() => this._touch(), REST);
    this._runs = panel.content.model ? runs.find(panel.content.model) : null;
    this._flow.changed.connect(this._onFlow, this);
    this._await();
    this._runs?.states.changed.connect(this._onState, this);
    this._runs?.changed.connect(this._onRuns, this);
    runs.opened.connect(this._onOpened, this);
    panel.content.activeCellChanged.connect(this._onActive, this);
    panel.content.model?.cells.changed.connect(this._onCells, this);
    panel.content.model?.contentChanged.connect(this._onContent, this);
    panel.content.model?.metadataChanged.connect(this._onCells, this);
    panel.disposed.connect(this.dispose, this);
    this._onActive();
  }

  readonly changed: Signal<IGraphModel, IGraphChange> = new Signal(this);
  readonly selectedChanged: Signal<IGraphModel, void> = new Signal(this);

  get nodes(): ReadonlyMap<string, IGraphNode> {
    return this._nodes;
  }

  get edges(): readonly IGraphEdge[] {
    return this._edges;
  }

  get sections(): ReadonlyMap<string, string> {
    return this._sections;
  }

  get selected(): string | null {
    return this._selected;
  }

  get error(): unknown {
    return this._error;
  }

  get isReady(): boolean {
    return this._isReady;
  }

  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Make a cell the notebook's active one.
   */
  select(cell: string | null): void {
    const { content } = this._options.panel;
    const at = content.widgets.findIndex(({ model }) => model.id === cell);
    if (at >= 0 && content.activeCellIndex !== at) {
      content.deselectAll();
      content.activeCellIndex = at;
      void content.scrollToItem(at, 'auto').catch(() => undefined);
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._use.dispose();
    this._soon.dispose();
    this._rest.dispose();
    this._disposed.emit();
    Signal.clearData(this);
  }

  /**
   * Wait for the analysis; where it is refused, for the next one.
   */
  private _await(): void {
    const { ready } = this._flow;
    ready.then(
      () => {
        this._isReady = true;
        this._error = null;
        this._read();
        this.changed.emit({ structure: true, nodes: [] });
        return this._loadTimes();
      },
      error => {
        this._error = error;
        this.changed.emit({ structure: false, nodes: [] });
        if (this._flow.ready !== ready) {
          this._await();
        }
      }
    );
  }

  /**
   * Read nodes, edges and sections anew.
   *
   * @returns what is different
   */
  private _read(): IGraphChange {
    const model = this._options.panel.content.model;
    const nodes = new Map<string, IGraphNode>();
    const sections = new Map<string, string>();
    const changed: string[] = [];
    const target = this._defaultTarget;
    let isOther = false;
    let section: string | null = null;
    let index = 0;
    for (const cell of model?.cells ?? []) {
      if (isMarkdownCellModel(cell)) {
        const heading = headingOf(cell.sharedModel.getSource());
        if (heading !== null) {
          section = cell.id;
          sections.set(section, heading);
          isOther ||= this._sections.get(section) !== heading;
        }
      } else if (isCodeCellModel(cell)) {
        const before = this._nodes.get(cell.id);
        const node = this._node(cell, index++, section, target);
        isOther ||= !before || !Private.isAlike(before, node);
        if (before && Private.isSame(before, node)) {
          nodes.set(cell.id, before);
        } else {
          nodes.set(cell.id, node);
          changed.push(cell.id);
        }
      }
    }
    isOther ||=
      nodes.size !== this._nodes.size || sections.size !== this._sections.size;
    this._nodes = nodes;
    this._sections = sections;
    return { structure: this._readEdges() || isOther, nodes: changed };
  }

  private _node(
    cell: ICodeCellModel,
    index: number,
    section: string | null,
    target: string
  ): IGraphNode {
    return {
      id: cell.id,
      index,
      label: cellLabel(cell.sharedModel.getSource()),
      section,
      target: getTarget(cell) ?? target,
      ...this._known(cell.id)
    };
  }

  /**
   * What is known of a cell besides what its document says, which is slow to read.
   */
  private _known(
    id: string
  ): Omit<IGraphNode, 'id' | 'index' | 'label' | 'section' | 'target'> {
    const state = this._runs?.states.get(id) ?? null;
    const flow = this._flow.cells.get(id);
    const times = this._times.get(id);
    return {
      prepares: flow?.prepares ?? false,
      barrier: flow?.barrier ?? null,
      state: state?.state ?? null,
      why: state?.why ?? null,
      stale: this._flow.stale.get(id) ?? null,
      started: times?.started ?? null,
      took: times?.took ?? null
    };
  }

  private get _defaultTarget(): string {
    const { model } = this._options.panel.content;
    return (model && getTarget(model)) ?? KERNEL;
  }

  /**
   * @returns whether there are other edges than before
   */
  private _readEdges(): boolean {
    const edges: IGraphEdge[] = [];
    let isOther = false;
    for (const [key, edge] of this._flow.edges) {
      if (this._nodes.has(edge.from) && this._nodes.has(edge.to)) {
        const bytes = this._sizes.get(key) ?? null;
        const before = this._edgeOf.get(edge);
        const found = before?.bytes === bytes ? before : { ...edge, bytes };
        isOther ||= found !== before;
        this._edgeOf.set(edge, found);
        edges.push(found);
      }
    }
    isOther ||= edges.length !== this._edges.length;
    if (isOther) {
      this._edges = edges;
    }
    return isOther;
  }

  /**
   * Read anew what may have changed.
   */
  private _refresh(): void {
    if (this._isDisposed || !this._isReady) {
      return;
    }
    if (this._isAllDirty) {
      this._isAllDirty = false;
      this._dirty.clear();
      this._typed.clear();
      const change = this._read();
      if (change.structure || change.nodes.length > 0) {
        this.changed.emit(change);
      }
      return;
    }
    const models =
      this._typed.size > 0
        ? codeCells(this._options.panel.content.model!)
        : null;
    const changed: string[] = [];
    const target = this._defaultTarget;
    let structure = false;
    for (const id of new Set([...this._dirty, ...this._typed])) {
      const before = this._nodes.get(id);
      const cell = this._typed.has(id) ? models?.get(id) : null;
      if (before) {
        const { index, section } = before;
        const node = cell
          ? this._node(cell, index, section, target)
          : { ...before, ...this._known(id) };
        if (!Private.isSame(before, node)) {
          structure ||= !Private.isAlike(before, node);
          this._nodes.set(id, node);
          changed.push(id);
        }
      }
    }
    this._dirty.clear();
    this._typed.clear();
    if (changed.length > 0) {
      this.changed.emit({ structure, nodes: changed });
    }
  }

  /**
   * Read anew soon what changed, all of it if nothing is given.
   */
  private _touch(cells?: Iterable<string>): void {
    if (cells) {
      for (const cell of cells) {
        this._dirty.add(cell);
      }
    } else {
      this._isAllDirty = true;
    }
    // Nothing waits for it, nor for one that comes too late.
    this._soon.invoke().catch(() => undefined);
  }

  /**
   * Who types changes the active cell; all are looked at in a rest.
   */
  private _onContent(): void {
    for (const { model } of this._options.panel.content.selectedCells) {
      this._typed.add(model.id);
    }
    this._touch([]);
    this._rest.invoke().catch(() => undefined);
  }

  private _onCells(): void {
    this._touch();
  }

  private _onFlow(_: INotebookDataflow, change: IDataflowChange): void {
    if (change.edges.length > 0) {
      this._touch();
    } else {
      this._touch([...change.cells, ...change.stale]);
    }
  }

  private _onState(states: CellStates, id: string): void {
    const state = states.get(id)?.state;
    const now = Date.now() / 1000;
    const times = this._times.get(id);
    if (state === 'running') {
      this._times.set(id, { started: now, took: null });
    } else if (state && isTaskEnd(state) && times?.took === null) {
      this._times.set(id, { ...times, took: now - times.started });
    }
    this._touch([id]);
  }

  /**
   * The ledger has exact times, and sizes, when a run is over.
   */
  private _onRuns(runs: NotebookRuns): void {
    if (!runs.isRunning) {
      void this._loadTimes();
    }
  }

  private _onOpened(
    _: IRunManager,
    { notebook, runs }: IRunManager.IOpened
  ): void {
    if (notebook === this._options.panel.content.model && !this._runs) {
      this._runs = runs;
      runs.states.changed.connect(this._onState, this);
      runs.changed.connect(this._onRuns, this);
      this._touch();
    }
  }

  private _onActive(): void {
    const id = this._options.panel.content.activeCell?.model.id ?? null;
    if (id !== this._selected) {
      this._selected = id;
      this.selectedChanged.emit();
    }
  }

  /**
   * Ask the ledger for times and sizes of the newest run of each cell.
   */
  private async _loadTimes(): Promise<void> {
    const { api, panel } = this._options;
    const asked = ++this._asked;
    try {
      const { runs } = await api.runs({
        path: panel.context.localPath,
        limit: NEWEST
      });
      const cells = new Set(
        panel.content.model ? codeCells(panel.content.model).keys() : []
      );
      const times = new Map<string, Private.ITimes>();
      const sizes = new Map<string, number>();
      for (const { run, kind } of runs) {
        const record = await api.show(run);
        for (const { id, started, ended } of record.tasks) {
          if (!times.has(id) && started !== null && ended !== null) {
            times.set(id, { started, took: ended - started });
          }
        }
        if (kind === 'workflow' && sizes.size === 0) {
          for (const edge of (await api.runGraph(run)).edges) {
            if (edge.bytes !== null) {
              sizes.set(edgeKey(edge), edge.bytes);
            }
          }
        }
        if (Array.from(cells).every(cell => times.has(cell)) && sizes.size) {
          break;
        }
      }
      if (asked !== this._asked || this._isDisposed) {
        return;
      }
      for (const [id, found] of times) {
        if (this._times.get(id)?.took !== null || !this._runs?.isRunning) {
          this._times.set(id, found);
        }
      }
      this._sizes = sizes;
      this._touch();
    } catch (error) {
      // Times are an addition: the graph stands without them.
      console.error(error);
    }
  }

  private _dirty = new Set<string>();
  private _asked = 0;
  private _disposed = new Signal<this, void>(this);
  private _edges: readonly IGraphEdge[] = [];
  private _edgeOf = new WeakMap<GraphEdge, IGraphEdge>();
  private _error: unknown = null;
  private _flow: INotebookDataflow;
  private _isAllDirty = false;
  private _isDisposed = false;
  private _isReady = false;
  private _nodes = new Map<string, IGraphNode>();
  private _rest: Debouncer;
  private _runs: NotebookRuns | null;
  private _sections: ReadonlyMap<string, string> = new Map();
  private _selected: string | null = null;
  private _sizes = new Map<string, number>();
  private _soon: Throttler<void>;
  private _times = new Map<string, Private.ITimes>();

  /**
   * The cells whose document may have changed.
   */
  private _typed = new Set<string>();
  private _use: IDisposable;
}

/**
 * A namespace for `NotebookGraph` statics.
 */
export namespace NotebookGraph {
  export interface IOptions {
    api: IApiClient;
    dataflow: IDataflow;
    panel: NotebookPanel;
    runs: IRunManager;
  }
}

/**
 * How often what happens in the notebook is drawn, in milliseconds.
 */
const REFRESH = 100;

/**
 * After which rest all cells are looked at, in milliseconds.
 */
const REST = 1000;

/**
 * In how many of the newest runs times are looked for.
 */
const NEWEST = 5;

namespace Private {
  export interface ITimes {
    started: number;
    took: number | null;
  }

  export function isSame(a: IGraphNode, b: IGraphNode): boolean {
    return (
      a.index === b.index &&
      a.label === b.label &&
      a.section === b.section &&
      a.prepares === b.prepares &&
      a.barrier === b.barrier &&
      a.target === b.target &&
      a.state === b.state &&
      a.why === b.why &&
      a.stale?.kind === b.stale?.kind &&
      a.stale?.why === b.stale?.why &&
      a.started === b.started &&
      a.took === b.took
    );
  }

  /**
   * Whether a cell is laid out and folded as before.
   */
  export function isAlike(a: IGraphNode, b: IGraphNode): boolean {
    return (
      a.index === b.index &&
      a.prepares === b.prepares &&
      a.section === b.section &&
      a.target === b.target
    );
  }
}
