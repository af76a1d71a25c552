import type { TaskState } from '../api';
import type { StaleKind } from '../dataflow';
import type { IGraphEdge, IGraphNode } from './model';

/**
 * Cells that can be drawn as one: those that set up the process, those of a section, and siblings
 * that are equal but for what they compute.
 */
export interface IFold {
  readonly id: string;
  readonly kind: 'setup' | 'section' | 'siblings';

  /**
   * The heading of a section, or the first cell of siblings.
   */
  readonly label: string;

  /**
   * The ids of its cells, in the order of the notebook.
   */
  readonly cells: readonly string[];
}

/**
 * So many siblings are drawn as one unless the user wants to see them.
 */
export const MANY_SIBLINGS = 8;

/**
 * The id of the fold of all cells that set up the process.
 */
export const SETUP = 'setup';

/**
 * What of a graph can be folded.
 */
export function findFolds(
  nodes: ReadonlyMap<string, IGraphNode>,
  edges: readonly IGraphEdge[],
  sections: ReadonlyMap<string, string>
): IFold[] {
  const inOrder = Array.from(nodes.values());
  const ids = (found: IGraphNode[]) => found.map(({ id }) => id);
  const folds: IFold[] = [];
  const setup = inOrder.filter(({ prepares }) => prepares);
  if (setup.length > 1) {
    folds.push({ id: SETUP, kind: 'setup', label: '', cells: ids(setup) });
  }
  for (const [section, label] of sections) {
    const cells = inOrder.filter(node => node.section === section);
    if (cells.length > 0) {
      folds.push({
        id: `section ${section}`,
        kind: 'section',
        label,
        cells: ids(cells)
      });
    }
  }
  for (const siblings of Private.siblings(inOrder, edges)) {
    const [{ id, label }] = siblings;
    folds.push({
      id: `siblings ${id}`,
      kind: 'siblings',
      label,
      cells: ids(siblings)
    });
  }
  return folds;
}

/**
 * A graph as it is drawn: what is folded is one item.
 */
export interface IFolded {
  /**
   * By their id: that of a cell, or of a fold.
   */
  readonly items: ReadonlyMap<string, IItem>;
  readonly edges: readonly IDrawnEdge[];

  /**
   * The item in which each cell stands.
   */
  readonly itemOf: ReadonlyMap<string, string>;
}

/**
 * A cell, or cells that are drawn as one.
 */
export interface IItem {
  readonly id: string;
  readonly fold: IFold | null;

  /**
   * The ids of its cells.
   */
  readonly cells: readonly string[];
}

/**
 * All that goes between two items in one direction and is of one kind.
 */
export interface IDrawnEdge {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly kind: IGraphEdge['kind'];
  readonly names: readonly string[];
  readonly bytes: number | null;
  readonly whys: readonly string[];
}

/**
 * Draw the cells of some folds as one.
 *
 * A cell of several folds stands in the first of them.
 */
export function foldGraph(
  nodes: ReadonlyMap<string, IGraphNode>,
  edges: readonly IGraphEdge[],
  folds: readonly IFold[]
): IFolded {
  const itemOf = new Map<string, string>();
  const members = new Map<string, string[]>();
  const byId = new Map(folds.map(fold => [fold.id, fold]));
  for (const fold of folds) {
    for (const cell of fold.cells) {
      if (!itemOf.has(cell)) {
        itemOf.set(cell, fold.id);
      }
    }
  }
  for (const cell of nodes.keys()) {
    const item = itemOf.get(cell) ?? cell;
    itemOf.set(cell, item);
    const cells = members.get(item);
    if (cells) {
      cells.push(cell);
    } else {
      members.set(item, [cell]);
    }
  }
  const items = new Map<string, IItem>();
  for (const [id, cells] of members) {
    items.set(id, { id, fold: byId.get(id) ?? null, cells });
  }
  const drawn = new Map<string, IGraphEdge[]>();
  for (const edge of edges) {
    const from = itemOf.get(edge.from);
    const to = itemOf.get(edge.to);
    if (from === undefined || to === undefined || from === to) {
      continue;
    }
    const key = `${from} ${to} ${edge.kind}`;
    const found = drawn.get(key);
    if (found) {
      found.push(edge);
    } else {
      drawn.set(key, [edge]);
    }
  }
  return {
    items,
    itemOf,
    edges: Array.from(drawn, ([key, some]) => ({
      key,
      from: itemOf.get(some[0].from)!,
      to: itemOf.get(some[0].to)!,
      kind: some[0].kind,
      names: Array.from(new Set(some.flatMap(({ names }) => names))),
      bytes: Private.sum(some.map(({ bytes }) => bytes)),
      whys: Array.from(new Set(some.map(({ why }) => why)))
    }))
  };
}

/**
 * How an item looks: that of its cells which most wants to be seen.
 */
export interface ILook {
  readonly label: string;
  readonly state: TaskState | null;
  readonly stale: StaleKind | null;
  readonly target: string | null;

  /**
   * How long its cells ran, in seconds.
   */
  readonly took: number | null;
}

/**
 * How cells that are drawn as one look.
 */
export function lookOf(cells: readonly IGraphNode[]): ILook {
  const targets = new Set(cells.map(({ target }) => target));
  const states = cells.map(({ state }) => state);
  const state =
    Private.URGENT.find(urgent => states.includes(urgent)) ?? states[0] ?? null;
  return {
    label: cells[0]?.label ?? '',
    state,
    stale: cells.find(({ stale }) => stale)?.stale?.kind ?? null,
    target: targets.size === 1 ? cells[0].target : null,
    took: Private.sum(cells.map(({ took }) => took))
  };
}

namespace Private {
  /**
   * The states in the order in which they want to be seen.
   */
  export const URGENT: readonly (TaskState | null)[] = [
    'failed',
    'lost',
    'running',
    'collecting',
    'starting',
    'preparing',
    'queued',
    'cancelled',
    'skipped',
    null,
    'done',
    'reused'
  ];

  export function sum(numbers: (number | null)[]): number | null {
    const known = numbers.filter((it): it is number => it !== null);
    return known.length > 0 ? known.reduce((a, b) => a + b) : null;
  }

  /**
   * Cells that need the same ones, are needed by the same ones, and run on the same target.
   */
  export function siblings(
    nodes: readonly IGraphNode[],
    edges: readonly IGraphEdge[]
  ): IGraphNode[][] {
    const ends = new Map<string, { from: string[]; to: string[] }>(
      nodes.map(({ id }) => [id, { from: [], to: [] }])
    );
    for (const { from, to, kind } of edges) {
      ends.get(to)?.from.push(`${from} ${kind}`);
      ends.get(from)?.to.push(`${to} ${kind}`);
    }
    const groups = new Map<string, IGraphNode[]>();
    for (const node of nodes) {
      const { from, to } = ends.get(node.id)!;
      if (from.length + to.length > 0) {
        const key = JSON.stringify([
          from.sort(),
          to.sort(),
          node.target,
          node.section
        ]);
        groups.set(key, [...(groups.get(key) ?? []), node]);
      }
    }
    return Array.from(groups.values()).filter(
      ({ length }) => length >= MANY_SIBLINGS
    );
  }
}
