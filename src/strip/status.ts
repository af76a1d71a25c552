import type { TranslationBundle } from '@jupyterlab/translation';

import type { TaskState } from '../api';
import { stateIcons } from '../icons';
import type { ICellOffer, ICellState } from '../run';

/**
 * The state of a cell's task, spoken when it changes, and what can be done about it.
 */
export class CellStatus {
  constructor(private _trans: TranslationBundle) {
    this._state = document.createElement('span');
    this._state.className = 'jp-DossierState';
    this._state.setAttribute('role', 'status');
    this._offers = document.createElement('span');
    this._offers.className = 'jp-DossierStrip-offers';
    this.node = document.createElement('div');
    this.node.className = 'jp-DossierStatus';
    this.node.append(this._state, this._offers);
  }

  readonly node: HTMLElement;

  show(state: ICellState | null, offers: readonly ICellOffer[]): void {
    this._showState(state);
    this._offers.replaceChildren(
      ...offers.map(({ label, caption, execute }) => {
        const button = document.createElement('button');
        button.className = 'jp-DossierStrip-offer';
        button.textContent = label;
        button.title = caption;
        button.addEventListener('click', execute);
        return button;
      })
    );
  }

  private _showState(state: ICellState | null): void {
    const node = this._state;
    node.dataset.state = state?.state ?? '';
    node.title = state?.why ?? '';
    if (!state) {
      node.replaceChildren();
      return;
    }
    const icon = stateIcons[state.state].element({
      tag: 'span',
      className: 'jp-DossierState-icon'
    });
    icon.setAttribute('aria-hidden', 'true');
    const word = document.createElement('span');
    word.className = 'jp-DossierState-word';
    word.textContent = stateWord(state.state, this._trans);
    const why = document.createElement('span');
    why.className = 'jp-DossierState-why';
    why.textContent = state.why ?? '';
    node.replaceChildren(icon, word, why);
  }

  private _offers: HTMLElement;
  private _state: HTMLElement;
}

/**
 * The word for a task state.
 */
export function stateWord(state: TaskState, trans: TranslationBundle): string {
  switch (state) {
    case 'queued':
      return trans.__('queued');
    case 'preparing':
      return trans.__('preparing');
    case 'starting':
      return trans.__('starting');
    case 'running':
      return trans.__('running');
    case 'collecting':
      return trans.__('collecting');
    case 'done':
      return trans.__('done');
    case 'reused':
      return trans.__('reused');
    case 'failed':
      return trans.__('failed');
    case 'skipped':
      return trans.__('skipped');
    case 'cancelled':
      return trans.__('cancelled');
    case 'lost':
      return trans.__('lost');
  }
}
