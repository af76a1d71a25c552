import {
  coordGreedy,
  decrossTwoLayer,
  graph as newGraph,
  layeringLongestPath,
  sugiyama
} from 'd3-dag';

/**
 * The size of an item in the drawing, in its units: pixels at a zoom of 100 %.
 */
export const ITEM_WIDTH = 208;
export const ITEM_HEIGHT = 48;

const GAP: [number, number] = [28, 44];

/**
 * A long edge takes a place in each layer that it passes. The longest ones are drawn straight once
 * there are more than so many such places: they would take minutes to be set, to be looked at by
 * nobody.
 */
const MAX_PLACES = 8_000;

/**
 * What is to be laid out: plain data, for it goes to a worker.
 */
export interface ILayoutInput {
  /**
   * Ids, in the order of the notebook.
   */
  readonly items: readonly string[];
  readonly edges: readonly {
    readonly key: string;
    readonly from: string;
    readonly to: string;
    readonly kind: 'value' | 'order';
  }[];
}

/**
 * Where everything is, in the drawing's units; the middle of items.
 */
export interface ILayout {
  readonly width: number;
  readonly height: number;
  readonly places: ReadonlyMap<string, readonly [x: number, y: number]>;

  /**
   * The points of edges that go around items, by their key; others go straight.
   */
  readonly routes: ReadonlyMap<string, readonly (readonly [number, number])[]>;

  /**
   * Edges of order that others imply: they are not drawn.
   */
  readonly implied: ReadonlySet<string>;
}

/**
 * Lay a graph out in layers, top to bottom (Sugiyama, Tagawa and Toda 1981).
 */
export function layOut({ items, edges }: ILayoutInput): ILayout {
  if (items.length === 0) {
    const nothing = { routes: new Map(), implied: new Set<string>() };
    return { width: 0, height: 0, places: new Map(), ...nothing };
  }
  const position = new Map(items.map((id, at) => [id, at]));
  // A fold may need what needs it: the drawing has such an edge, the layers do not.
  const forward = Private.distinct(
    edges.filter(({ from, to }) => position.get(from)! < position.get(to)!)
  );
  const needed = Private.reduce(items, forward, position);
  const layered = Private.bounded(needed, position, items.length);

  const dag = newGraph<string, string>();
  const nodes = new Map(items.map(id => [id, dag.node(id)]));
  for (const { from, to, key } of layered) {
    nodes.get(from)!.child(nodes.get(to)!, key);
  }
  const { width, height } = sugiyama()
    .layering(layeringLongestPath())
    .decross(decrossTwoLayer())
    .coord(coordGreedy())
    .nodeSize([ITEM_WIDTH, ITEM_HEIGHT])
    .gap(GAP)(dag);

  const places = new Map<string, readonly [number, number]>();
  for (const { data, x, y } of dag.nodes()) {
    places.set(data, [x, y]);
  }
  const routes = new Map<string, readonly (readonly [number, number])[]>();
  for (const { data, points } of dag.links()) {
    routes.set(data, points);
  }
  const pairs = new Set(needed.map(({ from, to }) => `${from} ${to}`));
  const values = new Set(
    edges
      .filter(({ kind }) => kind === 'value')
      .map(({ from, to }) => `${from} ${to}`)
  );
  const implied = new Set<string>();
  for (const { key, kind, from, to } of edges) {
    const pair = `${from} ${to}`;
    const isForward = position.get(from)! < position.get(to)!;
    if (
      kind === 'order' &&
      (values.has(pair) || (isForward && !pairs.has(pair)))
    ) {
      implied.add(key);
    }
  }
  return { width, height, places, routes, implied };
}

namespace Private {
  type Edge = ILayoutInput['edges'][number];

  /**
   * One edge for each pair, one of values where there is one.
   */
  export function distinct(edges: readonly Edge[]): Edge[] {
    const found = new Map<string, Edge>();
    for (const edge of edges) {
      const pair = `${edge.from} ${edge.to}`;
      if (!found.has(pair) || edge.kind === 'value') {
        found.set(pair, edge);
      }
    }
    return Array.from(found.values());
  }

  /**
   * The edges that no other path implies (transitive reduction; Aho, Garey and Ullman 1972).
   */
  export function reduce(
    items: readonly string[],
    edges: readonly Edge[],
    position: ReadonlyMap<string, number>
  ): Edge[] {
    const words = (items.length + 31) >> 5;
    const reached = items.map(() => new Uint32Array(words));
    const outgoing: { to: number; edge: Edge }[][] = items.map(() => []);
    for (const edge of edges) {
      outgoing[position.get(edge.from)!].push({
        to: position.get(edge.to)!,
        edge
      });
    }
    const kept: Edge[] = [];
    for (let from = items.length - 1; from >= 0; from--) {
      const mine = reached[from];
      // The nearest first: what is farther may be reached through it.
      for (const { to, edge } of outgoing[from].sort((a, b) => a.to - b.to)) {
        if (mine[to >> 5] & (1 << (to & 31))) {
          continue;
        }
        kept.push(edge);
        mine[to >> 5] |= 1 << (to & 31);
        for (let word = 0; word < words; word++) {
          mine[word] |= reached[to][word];
        }
      }
    }
    return kept;
  }

  /**
   * The edges without the longest ones, as far as they take too many places. None between
   * neighbouring layers is left out, so that every item keeps its layer.
   */
  export function bounded(
    edges: readonly Edge[],
    position: ReadonlyMap<string, number>,
    count: number
  ): Edge[] {
    const layer = new Array<number>(count).fill(0);
    const inOrder = edges
      .map(edge => ({
        edge,
        from: position.get(edge.from)!,
        to: position.get(edge.to)!
      }))
      .sort((a, b) => a.from - b.from);
    for (const { from, to } of inOrder) {
      layer[to] = Math.max(layer[to], layer[from] + 1);
    }
    const shortFirst = inOrder
      .map(({ edge, from, to }) => ({ edge, span: layer[to] - layer[from] }))
      .sort((a, b) => a.span - b.span);
    let places = 0;
    return shortFirst
      .filter(({ span }) => {
        places += span - 1;
        return span === 1 || places <= MAX_PLACES;
      })
      .map(({ edge }) => edge);
  }
}
