import type { IGraphEdge, IGraphNode } from './model';

/**
 * The critical path: of the chains of cells that wait for each other the one that took longest. No
 * number of workers makes a run shorter than that.
 */
export interface ICriticalPath {
  /**
   * The ids of its cells, first one first.
   */
  readonly cells: readonly string[];

  /**
   * How long they took together, in seconds.
   */
  readonly took: number;

  /**
   * How long all cells took together, in seconds.
   */
  readonly total: number;
}

/**
 * Find the critical path by the times of the last runs; `null` where no time is known.
 *
 * Edges point forward in the notebook, so that its order is a topological one (critical path
 * method, Kelley and Walker 1959).
 */
export function criticalPath(
  nodes: ReadonlyMap<string, Pick<IGraphNode, 'id' | 'index' | 'took'>>,
  edges: readonly Pick<IGraphEdge, 'from' | 'to'>[]
): ICriticalPath | null {
  const incoming = new Map<string, string[]>();
  for (const { from, to } of edges) {
    incoming.set(to, [...(incoming.get(to) ?? []), from]);
  }
  const best = new Map<string, { took: number; from: string | null }>();
  const inOrder = Array.from(nodes.values()).sort((a, b) => a.index - b.index);
  let last: string | null = null;
  let total = 0;
  for (const { id, took } of inOrder) {
    let from: string | null = null;
    let before = 0;
    for (const other of incoming.get(id) ?? []) {
      const found = best.get(other);
      if (found && found.took > before) {
        before = found.took;
        from = other;
      }
    }
    total += took ?? 0;
    best.set(id, { took: before + (took ?? 0), from });
    if (best.get(id)!.took > (last === null ? 0 : best.get(last)!.took)) {
      last = id;
    }
  }
  if (last === null) {
    return null;
  }
  const cells: string[] = [];
  for (let at: string | null = last; at !== null; at = best.get(at)!.from) {
    cells.unshift(at);
  }
  return { cells, took: best.get(last)!.took, total };
}
