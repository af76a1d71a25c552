/**
 * Runs what is asked of it one after the other, as a kernel runs its requests; a failure drops
 * what was waiting at that moment.
 */
export class CellQueue {
  /**
   * Add a task.
   *
   * @returns what the task returns; `null` when it was dropped
   */
  add<T>(
    task: () => Promise<T>,
    options: CellQueue.IOptions
  ): Promise<T | null> {
    const run = async (): Promise<T | null> => {
      if (this._dropped.has(run)) {
        return null;
      }
      this._waiting.delete(run);
      try {
        return await task();
      } catch (error) {
        if (options.stopOnError) {
          this.drop();
        }
        throw error;
      }
    };
    this._waiting.add(run);
    const result = this._tail.then(run);
    this._tail = result.then(
      () => undefined,
      () => undefined
    );
    return result;
  }

  /**
   * Drop every task that has not begun.
   */
  drop(): void {
    for (const run of this._waiting) {
      this._dropped.add(run);
    }
    this._waiting.clear();
  }

  private _dropped = new WeakSet<object>();
  private _tail: Promise<void> = Promise.resolve();
  private _waiting = new Set<() => Promise<unknown>>();
}

/**
 * A namespace for `CellQueue` statics.
 */
export namespace CellQueue {
  export interface IOptions {
    /**
     * Whether a failure of this task drops the tasks behind it.
     */
    stopOnError: boolean;
  }
}
