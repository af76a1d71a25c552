/**
 * The graph that both sides draw: cells in five chains that join now and then.
 */
export const COUNT = 1000;

export const CELLS = Array.from({ length: COUNT }, (_, index) => ({
  id: `cell-${index}`,
  index,
  label: `v${index} = v${index - 5} + ${index}`
}));

export const EDGES = CELLS.flatMap(({ index }) =>
  [index - 5, index % 7 ? -1 : index - 3]
    .filter(from => from >= 0)
    .map(from => ({ from: `cell-${from}`, to: `cell-${index}` }))
);

/**
 * The cells whose state changes at once.
 */
export const UPDATED = CELLS.filter(({ index }) => index % 10 === 0);

/**
 * How long something took in milliseconds, until it is in the page and painted.
 */
export async function painted(
  act: () => void,
  isThere: () => boolean
): Promise<number> {
  const begun = performance.now();
  act();
  const frame = () =>
    new Promise<void>(done => requestAnimationFrame(() => done()));
  while (!isThere()) {
    await frame();
  }
  await frame();
  // After the frame that shows it.
  await new Promise<void>(done => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done();
    port2.postMessage(null);
  });
  return performance.now() - begun;
}

/**
 * What is measured of one side, in milliseconds.
 */
export interface IMeasured {
  layout: number;
  mount: number;
  update: number;

  /**
   * How many elements the drawing has.
   */
  elements: number;
}
