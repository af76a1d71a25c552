import { type ISignal, Signal } from '@lumino/signaling';
import type { Event } from '@jupyterlab/services';
import { Poll, Throttler } from '@lumino/polling';
import type { IDisposable } from '@lumino/disposable';

import {
  type IApiClient,
  isRunEnd,
  RUN_SCHEMA,
  type RunsPage,
  type RunSummary
} from '../api';

/**
 * The runs of the ledger, asked for again while somebody sees them.
 */
export class RunsModel implements IDisposable {
  constructor(options: RunsModel.IOptions) {
    this._api = options.api;
    this._poll = new Poll({
      factory: () => this._fetch(),
      frequency: { interval: RESTING, backoff: true, max: 60_000 },
      name: 'jupyterlab-dossier:runs',
      standby: () => (options.isShown() ? 'when-hidden' : true)
    });
    this._isShown = options.isShown;
    this._soon = new Throttler(() => this._ask(), SOON);
    options.events.stream.connect(this._onEvent, this);
  }

  /**
   * Newest first; `null` before the first answer.
   */
  get runs(): readonly RunSummary[] | null {
    return this._runs;
  }

  /**
   * Those of the runs whose name, kind, state or id has the words of the query.
   */
  get found(): readonly RunSummary[] {
    const words = this._query.toLowerCase().split(/\s+/).filter(Boolean);
    return (this._runs ?? []).filter(({ run, path, kind, state, why }) => {
      const text = [path, kind, state, why ?? '', run].join(' ').toLowerCase();
      return words.every(word => text.includes(word));
    });
  }

  /**
   * Whether there are older ones.
   */
  get hasOlder(): boolean {
    return this._hasOlder;
  }

  get query(): string {
    return this._query;
  }
  set query(query: string) {
    if (query !== this._query) {
      this._query = query;
      this._changed.emit();
    }
  }

  /**
   * Why the last question had no answer.
   */
  get error(): unknown {
    return this._error;
  }

  get changed(): ISignal<RunsModel, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /**
   * The notebook whose runs are shown; `null` for all.
   */
  get path(): string | null {
    return this._path;
  }
  set path(path: string | null) {
    if (path !== this._path) {
      this._path = path;
      this._runs = null;
      this._hasOlder = false;
      this._wanted = PAGE;
      this._changed.emit();
      this.refresh().catch(console.error);
    }
  }

  /**
   * Ask for all that are shown now.
   */
  async refresh(): Promise<void> {
    this._isAnew = true;
    await this._ask();
  }

  /**
   * Show a page of older runs, too.
   */
  async showOlder(): Promise<void> {
    this._wanted = (this._runs?.length ?? 0) + PAGE;
    await this.refresh();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      this._soon.dispose();
      Signal.clearData(this);
    }
  }

  /**
   * A run began, went on or ended, here or elsewhere.
   */
  private _onEvent(_: Event.IManager, { schema_id }: Event.Emission): void {
    if (schema_id === RUN_SCHEMA && this._isShown()) {
      this._soon.invoke().catch(() => undefined);
    }
  }

  private async _ask(): Promise<void> {
    await this._poll.refresh();
    await this._poll.tick;
  }

  private async _fetch(): Promise<void> {
    try {
      let page: RunsPage;
      do {
        page = await this._newest();
        if (this.isDisposed) {
          return;
        }
        // A poll that asks does not begin again for what is wanted meanwhile.
      } while (this._isAnew);
      const { runs, more } = page;
      this._runs = runs;
      this._hasOlder = more;
      this._error = null;
      const isBusy = runs.some(({ state }) => state === 'running');
      this._poll.frequency = {
        ...this._poll.frequency,
        interval: isBusy ? BUSY : RESTING
      };
    } catch (error) {
      this._error = error;
      this._isAnew = true;
      throw error;
    } finally {
      if (!this.isDisposed) {
        this._changed.emit();
      }
    }
  }

  /**
   * As many of the newest runs as are wanted. The newest page is asked for each time; of what is
   * older and has ended, nothing becomes otherwise by itself.
   */
  private async _newest(): Promise<RunsPage> {
    const which = this._path === null ? {} : { path: this._path };
    const wanted = this._wanted;
    const known = this._isAnew ? [] : (this._runs ?? []);
    const knownMore = this._hasOlder;
    this._isAnew = false;
    let { runs, more } = await this._api.runs(which);
    while (more && runs.length < wanted) {
      const before = runs[runs.length - 1].run;
      const at = known.findIndex(({ run }) => run === before);
      const older = at < 0 ? [] : known.slice(at + 1);
      const isWhole = !knownMore || runs.length + older.length >= wanted;
      const page =
        older.length && isWhole && older.every(({ state }) => isRunEnd(state))
          ? { runs: older, more: knownMore }
          : await this._api.runs({ ...which, before });
      runs = [...runs, ...page.runs];
      more = page.more;
    }
    return { runs, more };
  }

  private _api: IApiClient;
  private _changed = new Signal<RunsModel, void>(this);
  private _error: unknown = null;
  private _hasOlder = false;
  private _isAnew = false;
  private _isShown: () => boolean;
  private _path: string | null = null;
  private _poll: Poll;
  private _query = '';
  private _runs: readonly RunSummary[] | null = null;
  private _soon: Throttler;
  private _wanted = PAGE;
}

/**
 * A namespace for `RunsModel` statics.
 */
export namespace RunsModel {
  export interface IOptions {
    api: IApiClient;

    /**
     * The server's events, which tell of runs as they happen.
     */
    events: Event.IManager;

    /**
     * Whether anybody sees the runs: nothing is asked otherwise.
     */
    isShown: () => boolean;
  }
}

/**
 * How many runs the server tells at once where nothing else is asked.
 */
const PAGE = 200;

const BUSY = 2_000;
const SOON = 500;
const RESTING = 15_000;
