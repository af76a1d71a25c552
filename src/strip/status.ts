import type { TranslationBundle } from '@jupyterlab/translation';

import { isTaskEnd, numbered } from '../api';
import type { IStale } from '../dataflow';
import type { ICellOffer, ICellState } from '../run';
import { StaleMark } from '../stale';
import { stateIcons } from '../ui/icons';
import { iconAndWord, stateWord } from '../ui/words';

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
    this._stale = new StaleMark(_trans);
    this.node = document.createElement('div');
    this.node.className = 'jp-DossierStatus';
    this.node.append(this._state, this._stale.node, this._offers);
  }

  readonly node: HTMLElement;

  /**
   * @param stale - why the cell must run again, which then counts more than how it ended
   */
  show(
    state: ICellState | null,
    offers: readonly ICellOffer[],
    stale: IStale | null = null
  ): void {
    // How a task has ended badly is in its state already.
    const isShown =
      !!stale &&
      (!state || (isTaskEnd(state.state) && stale.kind !== 'unfinished'));
    this._stale.show(isShown ? stale : null);
    this._showState(isShown ? null : state);
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

  dispose(): void {
    this._stale.dispose();
  }

  private _showState(state: ICellState | null): void {
    const node = this._state;
    node.dataset.state = state?.state ?? '';
    const words = numbered(state?.why ?? '');
    node.title = words;
    if (!state) {
      node.replaceChildren();
      return;
    }
    const why = document.createElement('span');
    why.className = 'jp-DossierState-why';
    // The state stands before it already.
    why.textContent = words.startsWith(`${state.state} `)
      ? words.slice(state.state.length + 1)
      : words;
    node.replaceChildren(
      ...iconAndWord(
        'jp-DossierState',
        stateIcons[state.state],
        stateWord(state.state, this._trans)
      ),
      why
    );
  }

  private _offers: HTMLElement;
  private _stale: StaleMark;
  private _state: HTMLElement;
}
