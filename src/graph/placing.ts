import { ITEM_HEIGHT, ITEM_WIDTH } from './layout';

/**
 * A point of the drawing.
 */
export type Point = readonly [number, number];

/**
 * An edge whose words are to stand on it.
 */
export interface ILabelled {
  key: string;
  points: readonly Point[];
  words: string;
}

/**
 * Places for the words of edges, where they cover no item and no other words: the middle of the
 * edge, else a point beside it along the edge.
 *
 * @param items - the middles of items
 * @param before - edges that have been placed, and where
 * @returns where words have room, by edge; others have none
 */
export function placeLabels(
  edges: readonly ILabelled[],
  items: Iterable<Point>,
  before: readonly [ILabelled, Point][] = []
): Map<string, Point> {
  const taken: IBox[] = Array.from(items, ([x, y]) => ({
    x,
    y,
    width: ITEM_WIDTH,
    height: ITEM_HEIGHT
  }));
  for (const [{ words }, place] of before) {
    taken.push(boxOf(words, place));
  }
  const found = new Map<string, Point>();
  for (const { key, points, words } of edges) {
    for (const part of PARTS) {
      const place = pointAt(points, part);
      const box = boxOf(words, place);
      if (!taken.some(other => isAcross(box, other))) {
        found.set(key, place);
        taken.push(box);
        break;
      }
    }
  }
  return found;
}

/**
 * A point of a curve through points, as it is drawn.
 *
 * @param part - how far along it, from 0 to 1
 */
export function pointAt(points: readonly Point[], part: number): Point {
  const last = points.length - 2;
  const at = part * (last + 1);
  const piece = Math.min(last, Math.floor(at));
  const t = at - piece;
  const [[ax, ay], [bx, by]] = [points[piece], points[piece + 1]];
  // Both handles of a piece are as high as its middle.
  const smooth = t * t * (3 - 2 * t);
  const middle = 3 * t * (1 - t);
  return [
    ax + (bx - ax) * smooth,
    ay * (1 - t) ** 3 + ((ay + by) / 2) * middle + by * t ** 3
  ];
}

interface IBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

function boxOf(words: string, [x, y]: Point): IBox {
  return { x, y, width: words.length * LETTER, height: LINE };
}

function isAcross(a: IBox, b: IBox): boolean {
  return (
    Math.abs(a.x - b.x) < (a.width + b.width) / 2 &&
    Math.abs(a.y - b.y) < (a.height + b.height) / 2
  );
}

/**
 * Where words may stand along an edge, best first.
 */
const PARTS = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8];

/**
 * The width of a letter and the height of a line, in pixels, on the safe side.
 */
const LETTER = 7;
const LINE = 15;
