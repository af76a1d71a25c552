import type { TranslationBundle } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

import type { ILayout, ILayoutInput } from './layout';

/**
 * Lays graphs out in a worker, one at a time.
 */
export class Layouter implements IDisposable {
  /**
   * @param _newWorker - makes the worker, when it is first needed
   */
  constructor(
    private _newWorker: () => Worker,
    private _trans: TranslationBundle
  ) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Lay a graph out; rejects where that fails, and when it is disposed.
   */
  async layOut(input: ILayoutInput): Promise<ILayout> {
    const worker = (this._worker ??= this._start());
    const id = ++this._last;
    const answer = new PromiseDelegate<ILayout>();
    this._waiting.set(id, answer);
    worker.postMessage({ id, ...input });
    return answer.promise;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._worker?.terminate();
    this._fail(this._trans.__('the graph was closed'));
  }

  private _start(): Worker {
    const worker = this._newWorker();
    worker.onmessage = ({ data }) => {
      const answer = this._waiting.get(data.id);
      this._waiting.delete(data.id);
      if (data.layout) {
        answer?.resolve(data.layout);
      } else {
        answer?.reject(new Error(data.error));
      }
    };
    worker.onerror = ({ message }) => {
      this._worker = null;
      worker.terminate();
      this._fail(message || this._trans.__('its worker did not start'));
    };
    return worker;
  }

  private _fail(why: string): void {
    const waiting = Array.from(this._waiting.values());
    this._waiting.clear();
    const words = this._trans.__('The graph cannot be laid out: %1', why);
    for (const answer of waiting) {
      answer.reject(new Error(words));
    }
  }

  private _isDisposed = false;
  private _last = 0;
  private _waiting = new Map<number, PromiseDelegate<ILayout>>();
  private _worker: Worker | null = null;
}
