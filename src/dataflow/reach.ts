import type { INotebookDataflow } from './tokens';

/**
 * The given cells and all that they need, by way of other cells too.
 */
export function withNeeded(
  dataflow: INotebookDataflow,
  cells: Iterable<string>
): Set<string> {
  return reach(dataflow, cells, 'to', 'from');
}

/**
 * The given cells and all that depend on them, by way of other cells too.
 */
export function withDependents(
  dataflow: INotebookDataflow,
  cells: Iterable<string>
): Set<string> {
  return reach(dataflow, cells, 'from', 'to');
}

/**
 * Follow edges that carry something: what one cell writes and the other reads. One that must only
 * come later depends on nothing.
 */
function reach(
  { cells: graph, edges }: INotebookDataflow,
  cells: Iterable<string>,
  near: 'from' | 'to',
  far: 'from' | 'to'
): Set<string> {
  const next = new Map<string, string[]>();
  for (const edge of edges.values()) {
    const writes = new Set(graph.get(edge.from)?.writes);
    const reader = graph.get(edge.to);
    if (
      edge.kind === 'value' ||
      reader?.barrier ||
      graph.get(edge.from)?.barrier ||
      reader?.reads.some(name => writes.has(name))
    ) {
      next.set(edge[near], [...(next.get(edge[near]) ?? []), edge[far]]);
    }
  }
  const found = new Set(cells);
  for (const cell of found) {
    next.get(cell)?.forEach(other => found.add(other));
  }
  return found;
}
