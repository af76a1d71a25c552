import type { IDisposable } from '@lumino/disposable';

import type { CellStates, ICellOffer } from '../run';

/**
 * Keeps an offer at each cell that has failed, as long as it has.
 */
export class CellOffers {
  constructor(
    states: CellStates,
    private _make: (cell: string, run: string) => ICellOffer
  ) {
    states.changed.connect(this._onState, this);
  }

  private _onState(states: CellStates, cell: string): void {
    const state = states.get(cell);
    const run = state?.state === 'failed' ? (state.run ?? null) : null;
    const offered = this._offered.get(cell);
    if ((offered?.run ?? null) === run) {
      return;
    }
    // Offering is a change of the state too: what is offered is noted first.
    if (run === null) {
      this._offered.delete(cell);
    } else {
      const entry: CellOffers.IOffered = { run, offer: null };
      this._offered.set(cell, entry);
      entry.offer = states.offer(cell, this._make(cell, run));
    }
    offered?.offer?.dispose();
  }

  private _offered = new Map<string, CellOffers.IOffered>();
}

/**
 * A namespace for `CellOffers` statics.
 */
export namespace CellOffers {
  export interface IOffered {
    run: string;
    offer: IDisposable | null;
  }
}
