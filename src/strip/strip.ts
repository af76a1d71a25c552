import type { TranslationBundle } from '@jupyterlab/translation';
import { type Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';

import type { TaskState } from '../api';
import { stateIcons } from '../icons';
import type { ICellOffer, ICellState } from '../run';
import { TargetSelect } from '../targets';

/**
 * The line above a cell's input that says where the cell runs and how that goes.
 *
 * Its height is fixed: nothing below it moves when the state changes.
 */
export class Strip extends Widget {
  constructor(options: Strip.IOptions) {
    super();
    const { trans } = options;
    this._trans = trans;
    this.addClass('jp-DossierStrip');
    this.node.setAttribute('role', 'group');
    this.node.setAttribute(
      'aria-label',
      trans.__('Target and state of the cell')
    );
    // Keys pressed in the dropdown are not the notebook's shortcuts.
    this.node.dataset.lmSuppressShortcuts = 'true';
    this.select = new TargetSelect(options);
    this._state = new Widget();
    this._state.addClass('jp-DossierStrip-state');
    this._state.node.setAttribute('role', 'status');
    const layout = new PanelLayout();
    this.layout = layout;
    layout.addWidget(this.select);
    layout.addWidget(this._state);
    this._offers = new Widget();
    this._offers.addClass('jp-DossierStrip-offers');
    layout.addWidget(this._offers);
  }

  /**
   * Show what can be done about the cell.
   */
  setOffers(offers: readonly ICellOffer[]): void {
    this._offers.node.replaceChildren(
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

  /**
   * The dropdown.
   */
  readonly select: TargetSelect;

  /**
   * Show the state of the cell's task.
   */
  setState(state: ICellState | null): void {
    const node = this._state.node;
    node.dataset.state = state?.state ?? '';
    node.title = state?.why ?? '';
    if (!state) {
      node.replaceChildren();
      return;
    }
    const icon = stateIcons[state.state].element({
      tag: 'span',
      className: 'jp-DossierStrip-icon'
    });
    icon.setAttribute('aria-hidden', 'true');
    const word = document.createElement('span');
    word.className = 'jp-DossierStrip-word';
    word.textContent = stateWord(state.state, this._trans);
    const why = document.createElement('span');
    why.className = 'jp-DossierStrip-why';
    why.textContent = state.why ?? '';
    node.replaceChildren(icon, word, why);
  }

  protected override onBeforeAttach(msg: Message): void {
    this.node.addEventListener('mousedown', Private.stop);
    this.node.addEventListener('keydown', Private.stop);
  }

  protected override onAfterDetach(msg: Message): void {
    this.node.removeEventListener('mousedown', Private.stop);
    this.node.removeEventListener('keydown', Private.stop);
  }

  private _offers: Widget;
  private _state: Widget;
  private _trans: TranslationBundle;
}

/**
 * A namespace for `Strip` statics.
 */
export namespace Strip {
  export type IOptions = TargetSelect.IOptions;
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

namespace Private {
  /**
   * What is pressed on a control is not pressed on the cell, which would take the focus or
   * drag; Escape leaves the dropdown for the notebook.
   */
  export function stop(event: Event): void {
    const isEscape = event instanceof KeyboardEvent && event.key === 'Escape';
    const isControl =
      event.target instanceof HTMLSelectElement ||
      event.target instanceof HTMLButtonElement;
    if (isControl && !isEscape) {
      event.stopPropagation();
    }
  }
}
