/**
 * Handle items in order, a few milliseconds at a time, so that typing is never held up.
 */
export class Pace<T> {
  /**
   * @param handle - called with each item
   * @param merge - what two successive items are together, or `null` where both are needed
   */
  constructor(
    private _handle: (item: T) => void,
    private _merge: (first: T, second: T) => T | null
  ) {}

  /**
   * Handle an item soon.
   */
  push(item: T): void {
    const { _items: items } = this;
    const last = items.length - 1;
    const merged = last >= this._next ? this._merge(items[last], item) : null;
    if (merged !== null) {
      items[last] = merged;
    } else {
      items.push(item);
    }
    if (!this._idle) {
      this._idle = new Promise(resolve => {
        this._resolve = resolve;
      });
      this._schedule();
    }
  }

  /**
   * Resolves when all items have been handled.
   */
  get idle(): Promise<void> {
    return this._idle ?? Promise.resolve();
  }

  private _schedule(): void {
    // Hidden pages have no frames, and must go on all the same.
    this._timer = setTimeout(this._work, document.hidden ? 0 : NO_FRAME);
    if (!document.hidden) {
      // After the frame, so that it is not late.
      this._frame = requestAnimationFrame(() => {
        clearTimeout(this._timer);
        this._timer = setTimeout(this._work);
      });
    }
  }

  private _work = (): void => {
    cancelAnimationFrame(this._frame);
    const end = performance.now() + (document.hidden ? HIDDEN_BUDGET : BUDGET);
    do {
      const item = this._items[this._next++];
      try {
        this._handle(item);
      } catch (error) {
        // One output that cannot be shown must not lose those after it.
        console.error(error);
      }
    } while (this._next < this._items.length && performance.now() < end);
    if (this._next < this._items.length) {
      this._schedule();
    } else {
      this._items = [];
      this._next = 0;
      this._idle = null;
      this._resolve();
    }
  };

  private _idle: Promise<void> | null = null;
  private _items: T[] = [];
  private _frame = 0;
  private _next = 0;
  private _resolve: () => void = () => undefined;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

const BUDGET = 8;
const HIDDEN_BUDGET = 100;
const NO_FRAME = 200;
