import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import type { Problem } from '../api';
import type { IStale } from '../dataflow';
import { NoteMarks } from '../preflight';
import type { ICellOffer, ICellState } from '../run';
import { TargetButton, valueWords } from '../targets';
import { CellStatus } from './status';

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
    // Keys pressed here are not the notebook's shortcuts.
    this.node.dataset.lmSuppressShortcuts = 'true';
    this._target = new TargetButton({ open: options.chooseTarget, trans });
    this._options = document.createElement('button');
    this._options.type = 'button';
    this._options.className = 'jp-DossierStrip-options';
    this._options.hidden = true;
    this._options.addEventListener('click', options.editOptions);
    this._status = new CellStatus(trans);
    this._notes = new NoteMarks(trans);
    this.node.append(
      this._target.node,
      this._options,
      this._status.node,
      this._notes.node
    );
  }

  /**
   * Show a target with its options.
   */
  setTarget(
    value: string | null,
    fallback: string,
    options: ReadonlyJSONObject
  ): void {
    this._target.setTarget(value, fallback);
    const words = Object.entries(options).map(([name, one]) =>
      this._trans.__('%1: %2', name, valueWords(one))
    );
    this._options.hidden = words.length === 0;
    this._options.textContent = words.join(', ');
    this._options.title = this._trans.__('Options of the target');
  }

  /**
   * Show the state of the cell's task, what can be done about it, and why it must run again.
   */
  setState(
    state: ICellState | null,
    offers: readonly ICellOffer[],
    stale: IStale | null = null
  ): void {
    this._status.show(state, offers, stale);
  }

  /**
   * Show what preflight found.
   */
  setNotes(problems: readonly Problem[]): void {
    this._notes.setNotes(problems);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._status.dispose();
    super.dispose();
  }

  protected override onBeforeAttach(_: Message): void {
    this.node.addEventListener('mousedown', Private.stop);
    this.node.addEventListener('keydown', Private.stop);
  }

  protected override onAfterDetach(_: Message): void {
    this.node.removeEventListener('mousedown', Private.stop);
    this.node.removeEventListener('keydown', Private.stop);
  }

  private _notes: NoteMarks;
  private _options: HTMLButtonElement;
  private _status: CellStatus;
  private _target: TargetButton;
  private _trans: TranslationBundle;
}

/**
 * A namespace for `Strip` statics.
 */
export namespace Strip {
  export interface IOptions {
    chooseTarget: (anchor: HTMLElement) => void;
    editOptions: () => void;
    trans: TranslationBundle;
  }
}

namespace Private {
  /**
   * What is pressed on a button of the strip is not pressed on the cell, which would take the
   * focus or drag; Escape leaves the strip for the notebook.
   */
  export function stop(event: Event): void {
    const isEscape = event instanceof KeyboardEvent && event.key === 'Escape';
    if ((event.target as Element).closest('button') && !isEscape) {
      event.stopPropagation();
    }
  }
}
