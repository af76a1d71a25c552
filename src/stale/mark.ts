import type { CodeCell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IStale } from '../dataflow';
import { iconAndWord } from '../ui/words';
import { staleIcons, staleWord } from './kinds';

/**
 * Says that a cell must run again: an icon, a word, and why on hover and focus.
 */
export class StaleMark {
  constructor(private _trans: TranslationBundle) {
    const id = `jp-dossier-stale-${++made}`;
    this._why = document.createElement('span');
    this._why.id = id;
    this._why.className = 'jp-DossierStale-why';
    this._button = document.createElement('button');
    this._button.type = 'button';
    this._button.className = 'jp-DossierStale-button';
    this._button.setAttribute('aria-describedby', id);
    for (const type of ['mouseenter', 'focus', 'click']) {
      this._button.addEventListener(type, () => this._showTip());
    }
    for (const type of ['mouseleave', 'blur']) {
      this._button.addEventListener(type, () => this._hideTip());
    }
    this._button.addEventListener('keydown', event => {
      if (event.key === 'Escape' && this._tip) {
        // It closes the words, and does not leave the cell.
        event.stopPropagation();
        this._hideTip();
      }
    });
    this.node = document.createElement('div');
    this.node.className = 'jp-DossierStale';
    this.node.hidden = true;
    this.node.append(this._button, this._why);
  }

  readonly node: HTMLElement;

  /**
   * Show a mark, or none.
   */
  show(stale: IStale | null): void {
    this._hideTip();
    this.node.hidden = !stale;
    if (!stale) {
      return;
    }
    this._button.replaceChildren(
      ...iconAndWord(
        'jp-DossierStale',
        staleIcons[stale.kind],
        staleWord(stale.kind, this._trans)
      )
    );
    this.node.dataset.stale = stale.kind;
    this._why.textContent =
      stale.kind === 'never-run'
        ? this._trans.__('Must run: %1', stale.why)
        : this._trans.__('Must run again: %1', stale.why);
  }

  dispose(): void {
    this._hideTip();
    this.node.remove();
  }

  /**
   * Cells clip what they hold: the words stand above the page.
   */
  private _showTip(): void {
    if (this._tip) {
      return;
    }
    const tip = document.createElement('div');
    tip.className = 'jp-DossierStale-tip';
    tip.setAttribute('role', 'tooltip');
    tip.textContent = this._why.textContent;
    document.body.append(tip);
    const { bottom, left, top } = this._button.getBoundingClientRect();
    const { height, width } = tip.getBoundingClientRect();
    const isBelow = bottom + height + 4 < window.innerHeight;
    tip.style.top = `${isBelow ? bottom + 4 : top - height - 4}px`;
    tip.style.left = `${Math.max(4, Math.min(left, window.innerWidth - width - 4))}px`;
    this._tip = tip;
    // It would stay behind where the cell is scrolled away.
    document.addEventListener('scroll', this._hideTip, true);
  }

  private _hideTip = (): void => {
    this._tip?.remove();
    this._tip = null;
    document.removeEventListener('scroll', this._hideTip, true);
  };

  private _button: HTMLButtonElement;
  private _tip: HTMLElement | null = null;
  private _why: HTMLElement;
}

let made = 0;

/**
 * The mark of a cell that has no strip, under its prompt, where it takes no room.
 */
export class PromptMark {
  constructor(
    readonly cell: CodeCell,
    trans: TranslationBundle
  ) {
    this._mark = new StaleMark(trans);
    this._mark.node.classList.add('jp-mod-prompt');
    // Keys pressed here are not the notebook's shortcuts.
    this._mark.node.dataset.lmSuppressShortcuts = 'true';
    cell.addClass('jp-mod-dossierStale');
    cell.inputArea!.parent!.node.append(this._mark.node);
  }

  show(stale: IStale): void {
    this._mark.show(stale);
  }

  dispose(): void {
    this._mark.dispose();
    if (!this.cell.isDisposed) {
      this.cell.removeClass('jp-mod-dossierStale');
    }
  }

  private _mark: StaleMark;
}
