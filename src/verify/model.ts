import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { IApiClient, Verification } from '../api';

/**
 * What came of a run's newest verification; asked for again only while it goes on.
 */
export class VerificationModel implements IDisposable {
  constructor(options: VerificationModel.IOptions) {
    const { api, run } = options;
    this._poll = new Poll({
      auto: false,
      factory: async () => {
        this._verification = await api.verification(run);
        this._changed.emit();
        return this._verification;
      },
      frequency: { interval: BUSY, backoff: true, max: 30_000 },
      name: `jupyterlab-dossier:verification ${run}`,
      standby: 'when-hidden'
    });
    this._poll.ticked.connect((poll, { phase }) => {
      if (phase === 'resolved' && this._verification?.state !== 'running') {
        void poll.stop();
      }
    });
  }

  /**
   * `null` before the first answer.
   */
  get verification(): Verification | null {
    return this._verification;
  }

  get changed(): ISignal<VerificationModel, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /**
   * Ask now, and again for as long as it goes on.
   */
  refresh(): void {
    void this._poll.refresh();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      Signal.clearData(this);
    }
  }

  private _changed = new Signal<VerificationModel, void>(this);
  private _poll: Poll<Verification>;
  private _verification: Verification | null = null;
}

/**
 * A namespace for `VerificationModel` statics.
 */
export namespace VerificationModel {
  export interface IOptions {
    api: IApiClient;
    run: string;
  }
}

/**
 * How often one that goes on is asked for, in milliseconds.
 */
const BUSY = 1000;
