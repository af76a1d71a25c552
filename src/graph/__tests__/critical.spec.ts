import { criticalPath } from '../critical';

const nodes = (...took: (number | null)[]) =>
  new Map(
    took.map((it, index) => [`c${index}`, { id: `c${index}`, index, took: it }])
  );
const edge = (from: number, to: number) => ({
  from: `c${from}`,
  to: `c${to}`
});

describe('criticalPath', () => {
  it('is the chain that took longest', () => {
    expect(
      criticalPath(nodes(1, 5, 2, 1), [
        edge(0, 1),
        edge(0, 2),
        edge(1, 3),
        edge(2, 3)
      ])
    ).toEqual({ cells: ['c0', 'c1', 'c3'], took: 7, total: 9 });
  });

  it('may be a single cell beside others', () => {
    expect(criticalPath(nodes(1, 1, 9), [edge(0, 1)])).toEqual({
      cells: ['c2'],
      took: 9,
      total: 11
    });
  });

  it('takes cells without a time along', () => {
    expect(
      criticalPath(nodes(1, null, 2), [edge(0, 1), edge(1, 2)])?.cells
    ).toEqual(['c0', 'c1', 'c2']);
  });

  it('is not known without times', () => {
    expect(criticalPath(nodes(null, null), [edge(0, 1)])).toBeNull();
    expect(criticalPath(new Map(), [])).toBeNull();
  });
});
