import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';

import { API_PATH } from './request';
import type { RunEvent, SharedDocument } from './types';

/**
 * The events of one run, in order and each once, whatever happens to the connection.
 *
 * A connection that breaks is opened again from the last event that arrived. `ended` is asked
 * after each close: a server that goes away closes its sockets too, and only a run that is over
 * has no more events.
 */
export class EventStream implements IDisposable {
  constructor(options: EventStream.IOptions) {
    this._options = options;
    this._last = options.after ?? 0;
    this.finished = new Promise<void>((resolve, reject) => {
      this._resolve = resolve;
      this._reject = reject;
    });
    // Nobody has to wait for the end.
    this.finished.catch(() => undefined);
    this._open();
  }

  /**
   * Resolves after the run's last event; rejects when the run cannot be followed any more.
   */
  readonly finished: Promise<void>;

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * The number of the last event that arrived.
   */
  get last(): number {
    return this._last;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._socket?.close();
    this._resolve();
  }

  private _open(): void {
    const { run, settings, shared } = this._options;
    const query: Record<string, string> = {
      after: String(this._last),
      ...shared
    };
    if (settings.appendToken && settings.token) {
      query.token = settings.token;
    }
    const url =
      URLExt.join(settings.wsUrl, API_PATH) +
      `/runs/${encodeURIComponent(run)}/events?` +
      new URLSearchParams(query).toString();
    const socket = new settings.WebSocket(url);
    this._socket = socket;
    socket.onmessage = message => this._onMessage(message);
    socket.onclose = () => void this._onClose();
  }

  private _onMessage(message: MessageEvent): void {
    if (this._isDisposed) {
      return;
    }
    this._delay = FIRST_DELAY;
    for (const event of JSON.parse(message.data) as RunEvent[]) {
      // What is said of this client has no number.
      if (event.kind !== 'writer') {
        if (event.seq <= this._last) {
          continue;
        }
        this._last = event.seq;
      }
      try {
        this._options.onEvent(event);
      } catch (error) {
        // One output that cannot be shown must not lose those after it.
        console.error(error);
      }
    }
  }

  private async _onClose(): Promise<void> {
    if (this._isDisposed) {
      return;
    }
    try {
      if ((await this._options.end()) <= this._last) {
        this._resolve();
        return;
      }
    } catch (error) {
      if (this._options.isFinal(error)) {
        this._reject(error);
        return;
      }
    }
    if (this._isDisposed) {
      return;
    }
    this._timer = setTimeout(() => this._open(), this._delay);
    this._delay = Math.min(2 * this._delay, LAST_DELAY);
  }

  private _delay = FIRST_DELAY;
  private _isDisposed = false;
  private _last: number;
  private _options: EventStream.IOptions;
  private _reject!: (reason: unknown) => void;
  private _resolve!: () => void;
  private _socket: WebSocket | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * A namespace for `EventStream` statics.
 */
export namespace EventStream {
  export interface IOptions {
    run: string;
    settings: ServerConnection.ISettings;

    /**
     * The number of the last event that is already known.
     */
    after?: number;

    /**
     * The document that this client shares with others.
     */
    shared?: SharedDocument;

    /**
     * Called with each event.
     */
    onEvent: (event: RunEvent) => void;

    /**
     * The number of the run's last event once it is over, `Infinity` while it goes on.
     */
    end: () => Promise<number>;

    /**
     * Whether this failure of `end` will not pass by waiting.
     */
    isFinal: (error: unknown) => boolean;
  }
}

const FIRST_DELAY = 250;
const LAST_DELAY = 10_000;
