import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { TaskState } from '../api';

/**
 * What is known of a cell's last task.
 */
export interface ICellState {
  state: TaskState;

  /**
   * Why, in words, where there is more to say than the state.
   */
  why: string | null;

  /**
   * The run that the task is part of, once it is known.
   */
  run?: string;
}

/**
 * Something that can be done about a cell as it stands.
 */
export interface ICellOffer {
  label: string;

  /**
   * What it does, in a sentence.
   */
  caption: string;
  execute: () => void;
}

/**
 * The states of a notebook's cells. They are no part of the document: the ledger has them.
 */
export class CellStates {
  /**
   * Emitted with the id of a cell whose state changed.
   */
  get changed(): ISignal<CellStates, string> {
    return this._changed;
  }

  get(cell: string): ICellState | null {
    return this._states.get(cell) ?? null;
  }

  set(cell: string, state: ICellState | null): void {
    if (state) {
      this._states.set(cell, state);
    } else if (!this._states.delete(cell)) {
      return;
    }
    this._changed.emit(cell);
  }

  /**
   * What can be done about a cell now.
   */
  offers(cell: string): readonly ICellOffer[] {
    return this._offers.get(cell) ?? [];
  }

  /**
   * Offer something until what is returned is disposed.
   */
  offer(cell: string, offer: ICellOffer): IDisposable {
    this._offers.set(cell, [...this.offers(cell), offer]);
    this._changed.emit(cell);
    return new DisposableDelegate(() => {
      const left = this.offers(cell).filter(other => other !== offer);
      this._offers.set(cell, left);
      this._changed.emit(cell);
    });
  }

  private _changed = new Signal<CellStates, string>(this);
  private _offers = new Map<string, readonly ICellOffer[]>();
  private _states = new Map<string, ICellState>();
}
