import { type ILabelled, placeLabels, pointAt } from '../placing';

const edge = (key: string, from: [number, number], to: [number, number]) =>
  ({ key, points: [from, to], words: 'numbers' }) as ILabelled;

describe('placeLabels', () => {
  it('sets words in the middle of an edge', () => {
    const places = placeLabels([edge('a', [0, 0], [100, 200])], []);
    expect(places.get('a')).toEqual([50, 100]);
    expect(
      pointAt(
        [
          [0, 0],
          [0, 10],
          [0, 30]
        ],
        1
      )
    ).toEqual([0, 30]);
  });

  it('sets them elsewhere on the edge where there is no room', () => {
    const edges = [edge('a', [0, 0], [0, 200]), edge('b', [20, 0], [20, 200])];
    const places = placeLabels(edges, []);
    expect(places.get('a')).toEqual([0, 100]);
    const [x, y] = places.get('b')!;
    expect(x).toBe(20);
    expect(Math.abs(y - 100)).toBeGreaterThanOrEqual(15);
  });

  it('sets none where there is no room at all, or an item is', () => {
    const edges = Array.from({ length: 20 }, (_, at) =>
      edge(String(at), [at, 0], [at, 60])
    );
    const places = placeLabels(edges, []);
    expect(places.size).toBeGreaterThan(1);
    expect(places.size).toBeLessThan(5);
    expect(placeLabels(edges, [[0, 30]]).size).toBe(0);
    const first: [ILabelled, [number, number]] = [edges[0], [0, 30]];
    expect(placeLabels([edges[1]], [], [first]).get('1')).not.toEqual([1, 30]);
  });
});
