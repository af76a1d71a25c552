import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * A button that shows a target and opens the menu of targets.
 *
 * A notebook may have hundreds of them: three elements, and nothing that watches anything.
 */
export class TargetButton {
  constructor(options: TargetButton.IOptions) {
    const { trans } = options;
    this._none = options.none ?? (name => trans.__('default (%1)', name));
    this.node = document.createElement('button');
    this.node.type = 'button';
    this.node.className = 'jp-DossierTargetButton';
    this.node.setAttribute('aria-haspopup', 'menu');
    const label = document.createElement('span');
    label.className = 'jp-DossierTargetButton-label';
    label.textContent = options.label ?? trans.__('Target');
    this._value = document.createElement('span');
    this._value.className = 'jp-DossierTargetButton-value';
    // The blank parts the words for who hears them.
    this.node.append(label, ' ', this._value);
    this.node.addEventListener('click', () => options.open(this.node));
  }

  readonly node: HTMLButtonElement;

  /**
   * Show a target.
   *
   * @param value - the one that is set; `null` for none
   * @param fallback - where runs what sets none
   */
  setTarget(value: string | null, fallback: string): void {
    this._value.textContent = value ?? this._none(fallback);
    this.node.classList.toggle('jp-mod-default', value === null);
  }

  private _none: (fallback: string) => string;
  private _value: HTMLElement;
}

/**
 * A namespace for `TargetButton` statics.
 */
export namespace TargetButton {
  export interface IOptions {
    /**
     * What the button says before the target.
     */
    label?: string;

    /**
     * What it says where no target is set.
     */
    none?: (fallback: string) => string;

    /**
     * Open the menu at the button.
     */
    open: (anchor: HTMLElement) => void;
    trans: TranslationBundle;
  }
}
