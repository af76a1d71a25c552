import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { criticalPath, type ICriticalPath } from './critical';
import {
  findFolds,
  foldGraph,
  type IDrawnEdge,
  type IFold,
  type IFolded,
  type IItem,
  type ILook,
  lookOf
} from './fold';
import type { ILayout, ILayoutInput } from './layout';
import type { IGraphChange, IGraphModel, IGraphNode } from './model';

/**
 * What is drawn of a graph: its items, where they are, and how they look.
 *
 * Where items are changes only as cells and edges come and go; how one looks is told to that one
 * alone.
 */
export class GraphScene implements IDisposable {
  constructor(private _options: GraphScene.IOptions) {
    this.model = _options.model;
    this._again = new Debouncer(() => this._layOut(), LAYOUT_DELAY);
    this.model.changed.connect(this._onChanged, this);
    this.model.selectedChanged.connect(this._onSelected, this);
    if (this.model.isReady) {
      void this._layOut();
    }
  }

  readonly model: IGraphModel;

  /**
   * All that can be folded.
   */
  get folds(): readonly IFold[] {
    return this._folds;
  }

  get folded(): IFolded {
    return this._folded;
  }

  /**
   * Where everything is; `null` before that is known.
   */
  get layout(): ILayout | null {
    return this._layout;
  }

  /**
   * Why the graph could not be laid out.
   */
  get error(): unknown {
    return this._error;
  }

  /**
   * The item of the cell that is chosen.
   */
  get selected(): string | null {
    const { selected } = this.model;
    return selected === null
      ? null
      : (this._folded.itemOf.get(selected) ?? null);
  }

  /**
   * The critical path of the last runs, where it is known.
   */
  get critical(): ICriticalPath | null {
    if (this._critical === undefined) {
      this._critical = criticalPath(this.model.nodes, this.model.edges);
    }
    return this._critical;
  }

  /**
   * Whether the critical path is shown.
   */
  get showsCritical(): boolean {
    return this._showsCritical;
  }
  set showsCritical(shows: boolean) {
    this._showsCritical = shows;
    this._drawn.emit();
  }

  /**
   * What the user looks for: items that have it in their labels stand out.
   */
  get query(): string {
    return this._query;
  }
  set query(query: string) {
    this._query = query;
    this._drawn.emit();
  }

  /**
   * The items that the query finds, in order.
   */
  get found(): readonly IItem[] {
    const words = this._query.toLowerCase().split(/\s+/).filter(Boolean);
    return words.length === 0
      ? []
      : Array.from(this._folded.items.values()).filter(item => {
          const nodes = this.nodesOf(item);
          const text = [
            item.fold?.label,
            ...nodes.map(it => `${it.index + 1} ${it.label} ${it.target}`)
          ].join(' ');
          return words.every(word => text.toLowerCase().includes(word));
        });
  }

  /**
   * Emitted when something else than the look of single items changed.
   */
  get drawn(): ISignal<GraphScene, void> {
    return this._drawn;
  }

  /**
   * Emitted when another item is chosen.
   */
  get selectedChanged(): ISignal<GraphScene, void> {
    return this._selectedChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  isFolded(fold: IFold): boolean {
    const isDefault = fold.kind !== 'section';
    return this._turned.has(fold.id) ? !isDefault : isDefault;
  }

  /**
   * Fold what is not folded, and the other way.
   */
  async toggle(fold: IFold): Promise<void> {
    if (!this._turned.delete(fold.id)) {
      this._turned.add(fold.id);
    }
    await this._layOut();
  }

  /**
   * The folds in which a cell stands.
   */
  foldsOf(cell: string): IFold[] {
    return this._folds.filter(({ cells }) => cells.includes(cell));
  }

  nodesOf(item: IItem): IGraphNode[] {
    return item.cells
      .map(id => this.model.nodes.get(id))
      .filter((it): it is IGraphNode => !!it);
  }

  /**
   * Choose the first cell of an item.
   */
  select(item: string): void {
    const [cell] = this._folded.items.get(item)?.cells ?? [];
    if (cell !== undefined && this.selected !== item) {
      this.model.select(cell);
    }
  }

  /**
   * The edges that come to an item, and those that go from it.
   */
  edgesOf(item: string): { needs: IDrawnEdge[]; neededBy: IDrawnEdge[] } {
    const { edges } = this._folded;
    return {
      needs: edges.filter(({ to }) => to === item),
      neededBy: edges.filter(({ from }) => from === item)
    };
  }

  /**
   * How an item looks now: the same object until it looks different.
   */
  look(item: string): ILook {
    let look = this._looks.get(item);
    if (!look) {
      const found = this._folded.items.get(item);
      look = lookOf(found ? this.nodesOf(found) : []);
      this._looks.set(item, look);
    }
    return look;
  }

  /**
   * Be told when an item looks different, until what is returned is called.
   */
  subscribe(item: string, listener: () => void): () => void {
    const listeners = this._listeners.get(item) ?? new Set();
    this._listeners.set(item, listeners.add(listener));
    return () => {
      listeners.delete(listener);
    };
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._again.dispose();
    this.model.dispose();
    Signal.clearData(this);
  }

  private _onChanged(_: IGraphModel, { nodes, structure }: IGraphChange): void {
    this._critical = undefined;
    const items = new Set<string>();
    for (const cell of nodes) {
      const item = this._folded.itemOf.get(cell);
      if (item !== undefined) {
        items.add(item);
      }
    }
    for (const item of items) {
      const before = this._looks.get(item);
      this._looks.delete(item);
      if (before && Private.isSame(before, this.look(item))) {
        this._looks.set(item, before);
      } else {
        this._listeners.get(item)?.forEach(listener => listener());
      }
    }
    if (structure && this.model.isReady) {
      if (this._layout) {
        this._again.invoke().catch(() => undefined);
      } else {
        void this._layOut();
      }
    } else if (this._showsCritical) {
      this._drawn.emit();
    }
  }

  private _onSelected(): void {
    this._selectedChanged.emit();
  }

  private async _layOut(): Promise<void> {
    const { edges, nodes, sections } = this.model;
    const folds = findFolds(nodes, edges, sections);
    const folded = foldGraph(
      nodes,
      edges,
      // Who folds a section means all that stands in it.
      [...folds]
        .sort((a, b) => Private.RANK[a.kind] - Private.RANK[b.kind])
        .filter(fold => this.isFolded(fold))
    );
    const asked = ++this._asked;
    try {
      const layout = await this._options.layOut({
        items: Array.from(folded.items.keys()),
        edges: folded.edges.map(({ key, from, to, kind }) => ({
          key,
          from,
          to,
          kind
        }))
      });
      if (asked !== this._asked || this._isDisposed) {
        return;
      }
      this._folds = folds;
      this._folded = folded;
      this._layout = layout;
      performance.mark('dossier-graph-laid-out');
      this._looks.clear();
      this._critical = undefined;
      this._error = null;
    } catch (error) {
      if (asked !== this._asked || this._isDisposed) {
        return;
      }
      this._error = error;
    }
    this._drawn.emit();
    this._selectedChanged.emit();
  }

  private _again: Debouncer;
  private _asked = 0;
  private _critical: ICriticalPath | null | undefined;
  private _drawn = new Signal<GraphScene, void>(this);
  private _error: unknown = null;
  private _folded: IFolded = { items: new Map(), itemOf: new Map(), edges: [] };
  private _folds: readonly IFold[] = [];
  private _isDisposed = false;
  private _layout: ILayout | null = null;
  private _listeners = new Map<string, Set<() => void>>();
  private _looks = new Map<string, ILook>();
  private _query = '';
  private _selectedChanged = new Signal<GraphScene, void>(this);
  private _showsCritical = false;

  /**
   * The folds that the user turned from how they are at first.
   */
  private _turned = new Set<string>();
}

/**
 * A namespace for `GraphScene` statics.
 */
export namespace GraphScene {
  export interface IOptions {
    model: IGraphModel;
    layOut: (input: ILayoutInput) => Promise<ILayout>;
  }
}

/**
 * While a cell is typed, its graph changes with every other key: the drawing waits for a rest, in
 * milliseconds.
 */
const LAYOUT_DELAY = 400;

namespace Private {
  export const RANK = { section: 0, setup: 1, siblings: 2 };

  export function isSame(a: ILook, b: ILook): boolean {
    return (
      a.label === b.label &&
      a.state === b.state &&
      a.stale === b.stale &&
      a.target === b.target &&
      a.took === b.took
    );
  }
}
