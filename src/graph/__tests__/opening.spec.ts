import { type ILayout, ITEM_HEIGHT, ITEM_WIDTH } from '../layout';
import { type IOpening, opening } from '../opening';

describe('opening', () => {
  const size = { width: 500, height: 400 };
  /**
   * Items in a row, `gap` from middle to middle.
   */
  const row = (count: number, gap: number): ILayout => ({
    places: new Map(
      Array.from({ length: count }, (_, at) => [
        `${at}`,
        [ITEM_WIDTH / 2 + at * gap, ITEM_HEIGHT / 2]
      ])
    ),
    routes: new Map(),
    implied: new Set(),
    width: (count - 1) * gap + ITEM_WIDTH,
    height: ITEM_HEIGHT
  });
  const shown = ({ places }: ILayout, { scale, x }: IOpening) =>
    Array.from(places.entries())
      .filter(
        ([, [at]]) =>
          x + scale * (at - ITEM_WIDTH / 2) >= 0 &&
          x + scale * (at + ITEM_WIDTH / 2) <= size.width
      )
      .map(([id]) => id);

  it('shows all of a graph that can be read, and no larger than it is', () => {
    const small = row(1, 250);
    expect(opening(small, size, null, new Set()).scale).toBe(1);
    const three = row(3, 250);
    const it = opening(three, size, '2', new Set());
    expect(shown(three, it)).toEqual(['0', '1', '2']);
    expect(it.scale).toBeGreaterThanOrEqual(0.5);
  });

  it('shows of a larger one an item and what fits around it', () => {
    const many = row(20, 250);
    const it = opening(many, size, '10', new Set(['9', '11']));
    expect(shown(many, it)).toEqual(['9', '10', '11']);
    expect(it.scale).toBeGreaterThanOrEqual(0.5);
  });

  it('takes what an item has edges with before what is only near', () => {
    const many = row(20, 250);
    const it = opening(many, size, '10', new Set(['12']));
    expect(shown(many, it)).toEqual(['10', '11', '12']);
  });

  it('begins with the first item where none is chosen', () => {
    const many = row(20, 250);
    expect(shown(many, opening(many, size, null, new Set()))[0]).toBe('0');
  });
});
