import { JSONExt, type ReadonlyJSONValue } from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IApiClient, Target } from '../api';
import type { ITroubles } from '../troubles';
import type { ITargetsModel } from './tokens';

/**
 * The targets, refreshed on demand and at most every few seconds.
 */
export class TargetsModel implements ITargetsModel {
  constructor(options: TargetsModel.IOptions) {
    this._api = options.api;
    this._troubles = options.troubles;
  }

  get targets(): readonly Target[] {
    return this._targets;
  }

  get changed(): ISignal<ITargetsModel, void> {
    return this._changed;
  }

  refresh(isForced = false): Promise<void> {
    if (this._pending) {
      return this._pending;
    }
    if (!isForced && Date.now() - this._asked < REFRESH_INTERVAL) {
      return Promise.resolve();
    }
    this._pending = this._refresh().finally(() => {
      this._asked = Date.now();
      this._pending = null;
    });
    return this._pending;
  }

  private async _refresh(): Promise<void> {
    let targets: Target[];
    try {
      targets = await this._api.targets();
    } catch (error) {
      this._troubles.report(error);
      return;
    }
    if (
      !JSONExt.deepEqual(
        targets as unknown as ReadonlyJSONValue,
        this._targets as unknown as ReadonlyJSONValue
      )
    ) {
      this._targets = targets;
      this._changed.emit();
    }
  }

  private _api: IApiClient;
  private _asked = -Infinity;
  private _changed = new Signal<ITargetsModel, void>(this);
  private _pending: Promise<void> | null = null;
  private _targets: readonly Target[] = BUILT_IN;
  private _troubles: ITroubles;
}

/**
 * A namespace for `TargetsModel` statics.
 */
export namespace TargetsModel {
  export interface IOptions {
    api: IApiClient;
    troubles: ITroubles;
  }
}

const REFRESH_INTERVAL = 10_000;

/**
 * The targets that every server has.
 */
const BUILT_IN: readonly Target[] = ['kernel', 'local'].map(name => ({
  name,
  kind: name,
  usable: true,
  why: null,
  costly: false,
  options: null
}));
