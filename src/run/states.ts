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

  private _changed = new Signal<CellStates, string>(this);
  private _states = new Map<string, ICellState>();
}
