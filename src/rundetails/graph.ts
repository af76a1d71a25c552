import { type ISignal, Signal } from '@lumino/signaling';

import {
  cellLabel,
  type IGraphChange,
  type IGraphEdge,
  type IGraphModel,
  type IGraphNode
} from '../graph';
import type { RunModel } from './model';

/**
 * The graph of a run as it was, with the states of its tasks.
 */
export class RunGraphModel implements IGraphModel {
  constructor(private _run: RunModel) {
    _run.changed.connect(this._onRun, this);
    this._read();
  }

  readonly changed: Signal<IGraphModel, IGraphChange> = new Signal(this);
  readonly selectedChanged: Signal<IGraphModel, void> = new Signal(this);
  readonly sections: ReadonlyMap<string, string> = new Map();

  get nodes(): ReadonlyMap<string, IGraphNode> {
    return this._nodes;
  }

  get edges(): readonly IGraphEdge[] {
    return this._run.graph?.edges ?? [];
  }

  get selected(): string | null {
    return this._run.selected;
  }

  get error(): unknown {
    return this._run.error;
  }

  get isReady(): boolean {
    return this._run.graph !== null;
  }

  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  select(cell: string | null): void {
    this._run.select(cell);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._disposed.emit();
    Signal.clearData(this);
  }

  private _onRun(): void {
    const { graph, selected } = this._run;
    this.changed.emit({
      structure: graph !== this._graph,
      nodes: this._read()
    });
    if (selected !== this._selected) {
      this._selected = selected;
      this.selectedChanged.emit();
    }
  }

  /**
   * @returns the cells that look different
   */
  private _read(): string[] {
    const { graph, record } = this._run;
    const tasks = new Map(record?.tasks.map(task => [task.id, task]));
    const changed: string[] = [];
    const nodes = new Map<string, IGraphNode>();
    for (const cell of graph?.cells ?? []) {
      const task = tasks.get(cell.id);
      const started = task?.started ?? null;
      const ended = task?.ended ?? null;
      const before = this._nodes.get(cell.id);
      const node: IGraphNode = {
        id: cell.id,
        index: cell.index,
        label: cellLabel(cell.source),
        section: null,
        prepares: cell.prepares,
        barrier: cell.barrier,
        target: cell.target,
        state: task?.state ?? null,
        why: task?.why ?? null,
        stale: null,
        started,
        took: started !== null && ended !== null ? ended - started : null
      };
      nodes.set(cell.id, node);
      if (before?.state !== node.state || before.took !== node.took) {
        changed.push(cell.id);
      }
    }
    this._nodes = nodes;
    this._graph = graph;
    return changed;
  }

  private _disposed = new Signal<this, void>(this);
  private _graph: RunModel['graph'] = null;
  private _isDisposed = false;
  private _nodes: ReadonlyMap<string, IGraphNode> = new Map();
  private _selected: string | null = null;
}
