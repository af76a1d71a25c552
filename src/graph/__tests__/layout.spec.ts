import { ITEM_HEIGHT, ITEM_WIDTH, layOut, type ILayoutInput } from '../layout';

const edge = (
  from: string,
  to: string,
  kind: 'value' | 'order' = 'value'
): ILayoutInput['edges'][number] => ({
  key: `${from} ${to} ${kind}`,
  from,
  to,
  kind
});

describe('layOut', () => {
  it('has nothing to do for an empty graph', () => {
    expect(layOut({ items: [], edges: [] }).places.size).toBe(0);
  });

  it('puts each item below those that it needs', () => {
    const edges = [
      edge('a', 'b'),
      edge('a', 'c'),
      edge('b', 'd'),
      edge('c', 'd'),
      edge('a', 'd')
    ];
    const { places } = layOut({ items: ['a', 'b', 'c', 'd', 'e'], edges });
    expect(places.size).toBe(5);
    for (const { from, to } of edges) {
      expect(places.get(to)![1]).toBeGreaterThan(places.get(from)![1]);
    }
  });

  it('lets no two items overlap', () => {
    const items = Array.from({ length: 120 }, (_, at) => `c${at}`);
    const edges = items.flatMap((id, at) =>
      [at - 1, at - 7, at - 31]
        .filter(other => other >= 0 && (at * 7 + other) % 3 > 0)
        .map(other => edge(items[other], id))
    );
    const places = Array.from(layOut({ items, edges }).places.values());
    for (const [at, [x, y]] of places.entries()) {
      for (const [otherX, otherY] of places.slice(at + 1)) {
        expect(
          Math.abs(x - otherX) >= ITEM_WIDTH ||
            Math.abs(y - otherY) >= ITEM_HEIGHT
        ).toBe(true);
      }
    }
  });

  it('leaves out the order that other edges imply, and no value', () => {
    const { implied } = layOut({
      items: ['a', 'b', 'c'],
      edges: [
        edge('a', 'b'),
        edge('b', 'c', 'order'),
        edge('a', 'c', 'order'),
        edge('a', 'c'),
        edge('a', 'b', 'order')
      ]
    });
    expect(Array.from(implied).sort()).toEqual(['a b order', 'a c order']);
  });

  it('takes folds that need each other', () => {
    const { places } = layOut({
      items: ['a', 'b'],
      edges: [edge('a', 'b'), edge('b', 'a')]
    });
    expect(places.size).toBe(2);
  });

  it('lays a long notebook out whose first cell all others need', () => {
    const items = Array.from({ length: 1000 }, (_, at) => `c${at}`);
    const edges = items.flatMap((id, at) => [
      ...(at > 0 ? [edge('c0', id)] : []),
      ...(at > 1 && at % 5 ? [edge(items[at - 1], id)] : []),
      ...(at > 400 ? [edge(items[at - 400], id)] : [])
    ]);
    const { places, height } = layOut({ items, edges });
    expect(places.size).toBe(1000);
    expect(height).toBeGreaterThan(ITEM_HEIGHT);
  });
});
