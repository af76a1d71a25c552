import { type ILayout, ITEM_HEIGHT, ITEM_WIDTH } from './layout';

/**
 * How a graph is shown: `scale` times as large, and moved by `x` and `y`.
 */
export interface IOpening {
  x: number;
  y: number;
  scale: number;
}

/**
 * How a graph is shown at first: all of it where that can be read, else an item with as many others
 * as can be read around it, those that it has edges with first.
 *
 * @param layout - where the items are
 * @param size - the size of the place that the graph has
 * @param item - the item that is always shown
 * @param neighbours - those that it has edges with
 */
export function opening(
  layout: ILayout,
  size: { width: number; height: number },
  item: string | null,
  neighbours: ReadonlySet<string>
): IOpening {
  const [width, height] = [size.width - 2 * MARGIN, size.height - 2 * MARGIN];
  const scaleOf = ([left, top, right, bottom]: Box): number =>
    Math.min(
      1,
      width / Math.max(1, right - left),
      height / Math.max(1, bottom - top)
    );
  let box: Box = [0, 0, layout.width, layout.height];
  if (scaleOf(box) < LEAST) {
    const places = Array.from(layout.places);
    const center = (item && layout.places.get(item)) || places[0]?.[1];
    const [x, y] = center ?? [0, 0];
    box = grown([x, y, x, y], [x, y]);
    const near = places
      .map(([id, place]) => ({
        place,
        isOther: !neighbours.has(id),
        distance: Math.hypot(place[0] - x, place[1] - y)
      }))
      .sort(
        (a, b) =>
          Number(a.isOther) - Number(b.isOther) || a.distance - b.distance
      );
    for (const { place } of near) {
      const larger = grown(box, place);
      if (scaleOf(larger) >= LEAST) {
        box = larger;
      }
    }
  }
  const scale = Math.max(scaleOf(box), 0.02);
  return {
    x: size.width / 2 - (scale * (box[0] + box[2])) / 2,
    y: size.height / 2 - (scale * (box[1] + box[3])) / 2,
    scale
  };
}

/**
 * The space around the graph, in pixels.
 */
export const MARGIN = 24;

/**
 * Where not all can be shown at least as large as this, a part is.
 */
const LEAST = 0.5;

/**
 * Left, top, right, bottom.
 */
type Box = readonly [number, number, number, number];

function grown(
  [left, top, right, bottom]: Box,
  [x, y]: readonly [number, number]
): Box {
  return [
    Math.min(left, x - ITEM_WIDTH / 2),
    Math.min(top, y - ITEM_HEIGHT / 2),
    Math.max(right, x + ITEM_WIDTH / 2),
    Math.max(bottom, y + ITEM_HEIGHT / 2)
  ];
}
