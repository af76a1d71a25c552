/**
 * The worker that lays graphs out. It has a module of its own, for `import.meta` is known to
 * bundlers alone.
 */
export function newLayoutWorker(): Worker {
  return new Worker(new URL('./layout.worker.js', import.meta.url));
}
