import type { GraphCell, GraphEdge } from '../../api';
import {
  edgeKey,
  type INotebookDataflow,
  withDependents,
  withNeeded
} from '..';

/**
 * a -> b -> c by values, c -> d for order alone, c -> e by a file.
 */
function graph(): INotebookDataflow {
  const cell = (id: string, reads: string[], writes: string[]): GraphCell => ({
    id,
    index: 0,
    reads,
    writes,
    barrier: null,
    prepares: false
  });
  const edge = (
    from: string,
    to: string,
    kind: GraphEdge['kind']
  ): GraphEdge => ({ from, to, kind, names: [], why: '' });
  const cells = [
    cell('a', [], ['x']),
    cell('b', ['x'], ['y']),
    cell('c', ['y'], ['<file f>']),
    cell('d', [], ['y']),
    cell('e', ['<file f>'], [])
  ];
  const edges = [
    edge('a', 'b', 'value'),
    edge('b', 'c', 'value'),
    edge('c', 'd', 'order'),
    edge('c', 'e', 'order')
  ];
  return {
    cells: new Map(cells.map(one => [one.id, one])),
    edges: new Map(edges.map(one => [edgeKey(one), one]))
  } as unknown as INotebookDataflow;
}

describe('what cells need, and what depends on them', () => {
  it('goes by way of other cells, and not by order alone', () => {
    expect(Array.from(withDependents(graph(), ['b']))).toEqual(['b', 'c', 'e']);
    expect(Array.from(withDependents(graph(), ['e']))).toEqual(['e']);
    expect(Array.from(withNeeded(graph(), ['e']))).toEqual([
      'e',
      'c',
      'b',
      'a'
    ]);
    expect(Array.from(withNeeded(graph(), ['d']))).toEqual(['d']);
  });
});
