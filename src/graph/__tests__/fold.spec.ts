import { findFolds, foldGraph, lookOf, SETUP } from '../fold';
import type { IGraphEdge, IGraphNode } from '../model';

function node(index: number, given: Partial<IGraphNode> = {}): IGraphNode {
  const label = `cell ${index}`;
  return {
    id: `c${index}`,
    index,
    label,
    section: null,
    prepares: false,
    barrier: null,
    target: 'local',
    state: 'done',
    why: null,
    stale: null,
    started: null,
    took: null,
    ...given
  };
}

const map = (...nodes: IGraphNode[]) => new Map(nodes.map(it => [it.id, it]));

function edge(
  from: number,
  to: number,
  given: Partial<IGraphEdge> = {}
): IGraphEdge {
  return {
    from: `c${from}`,
    to: `c${to}`,
    kind: 'value',
    names: [`v${from}`],
    why: `cell ${from} sets v${from}`,
    bytes: null,
    ...given
  };
}

describe('findFolds', () => {
  it('finds set-up cells and sections', () => {
    const nodes = map(
      node(0, { prepares: true }),
      node(1, { prepares: true, section: 's' }),
      node(2, { section: 's' })
    );
    const folds = findFolds(
      nodes,
      [],
      new Map([
        ['s', 'Load'],
        ['t', 'Empty']
      ])
    );
    expect(folds).toEqual([
      { id: SETUP, kind: 'setup', label: '', cells: ['c0', 'c1'] },
      expect.objectContaining({ id: 'section s', cells: ['c1', 'c2'] })
    ]);
    expect(folds.map(({ label }) => label)).toEqual(['', 'Load']);
  });

  it('finds many siblings that are equal, and not those that differ', () => {
    const models = Array.from({ length: 8 }, (_, at) => node(at + 1));
    const nodes = map(node(0), ...models, node(9, { target: 'big' }), node(10));
    const edges = [...models, node(9)].flatMap(({ index }) => [
      edge(0, index),
      edge(index, 10)
    ]);
    const [fold, ...others] = findFolds(nodes, edges, new Map());
    expect(others).toEqual([]);
    expect(fold.kind).toBe('siblings');
    expect(fold.cells).toEqual(models.map(({ id }) => id));
  });

  it('does not take cells for siblings that nothing connects', () => {
    const nodes = map(...Array.from({ length: 20 }, (_, at) => node(at)));
    expect(findFolds(nodes, [], new Map())).toEqual([]);
  });
});

describe('foldGraph', () => {
  it('joins what goes between two items', () => {
    const nodes = map(node(0), node(1), node(2));
    const edges = [
      edge(0, 1),
      edge(0, 2, { bytes: 3 }),
      edge(1, 2, { bytes: 4, names: ['v0', 'v1'] }),
      edge(1, 2, { kind: 'order', names: [] })
    ];
    const { items, edges: drawn } = foldGraph(nodes, edges, [
      { id: 'f', kind: 'section', label: '', cells: ['c0', 'c1'] }
    ]);
    expect(Array.from(items.keys())).toEqual(['f', 'c2']);
    expect(items.get('f')!.cells).toEqual(['c0', 'c1']);
    expect(drawn).toEqual([
      {
        key: 'f c2 value',
        from: 'f',
        to: 'c2',
        kind: 'value',
        names: ['v0', 'v1'],
        bytes: 7,
        whys: ['cell 0 sets v0', 'cell 1 sets v1']
      },
      expect.objectContaining({ key: 'f c2 order', bytes: null })
    ]);
  });

  it('puts a cell into one fold only', () => {
    const { items } = foldGraph(
      map(node(0), node(1)),
      [],
      [
        { id: 'a', kind: 'setup', label: '', cells: ['c0'] },
        { id: 'b', kind: 'section', label: '', cells: ['c0', 'c1'] }
      ]
    );
    expect(items.get('a')!.cells).toEqual(['c0']);
    expect(items.get('b')!.cells).toEqual(['c1']);
  });
});

describe('lookOf', () => {
  it('shows what most wants to be seen', () => {
    expect(
      lookOf([
        node(0, { took: 1 }),
        node(1, { state: 'failed', took: 2, target: 'big' }),
        node(2, {
          state: 'running',
          stale: { kind: 'edited', why: 'it was edited' }
        })
      ])
    ).toMatchObject({
      state: 'failed',
      stale: 'edited',
      target: null,
      took: 3
    });
  });
});
