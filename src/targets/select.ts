import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import type { ITargetsModel } from './tokens';

/**
 * A labelled dropdown of targets.
 */
export class TargetSelect extends Widget {
  constructor(options: TargetSelect.IOptions) {
    const select = document.createElement('select');
    super({ node: Private.createNode(select, options.trans) });
    this.addClass('jp-DossierTargetSelect');
    this._select = select;
    this._targets = options.targets;
    this._trans = options.trans;
    this._targets.changed.connect(this._render, this);
    this._select.addEventListener('change', this);
    this._select.addEventListener('focus', this);
    this._render();
  }

  /**
   * Emitted with the target that the user picked; `null` for the default.
   */
  get picked(): ISignal<TargetSelect, string | null> {
    return this._picked;
  }

  /**
   * Show a state.
   */
  setState(state: TargetSelect.IState): void {
    const { value, fallback, enabled } = this._state;
    if (
      value !== state.value ||
      fallback !== state.fallback ||
      enabled !== state.enabled
    ) {
      this._state = state;
      this._render();
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._select.removeEventListener('change', this);
    this._select.removeEventListener('focus', this);
    this._targets.changed.disconnect(this._render, this);
    Signal.clearData(this);
    super.dispose();
  }

  handleEvent(event: Event): void {
    if (event.type === 'focus') {
      void this._targets.refresh();
    } else if (event.type === 'change') {
      this._picked.emit(this._select.value || null);
    }
  }

  private _render(): void {
    const { value, fallback, enabled } = this._state;
    const trans = this._trans;
    const options = [
      new Option(trans.__('default (%1)', fallback), '', true, value === null)
    ];
    const names = new Set<string>();
    for (const { name, usable, why } of this._targets.targets) {
      names.add(name);
      const text = usable ? name : trans.__('%1 (not usable)', name);
      const option = new Option(text, name, false, value === name);
      option.disabled = !usable;
      option.title = why ?? '';
      options.push(option);
    }
    if (value !== null && !names.has(value)) {
      // A target of another server, or one that is gone: said, and kept.
      options.push(
        new Option(trans.__('%1 (unknown here)', value), value, false, true)
      );
    }
    this._select.replaceChildren(...options);
    this._select.value = value ?? '';
    this._select.disabled = !enabled;
    this._select.title =
      this._targets.targets.find(({ name }) => name === value)?.why ?? '';
  }

  private _picked = new Signal<TargetSelect, string | null>(this);
  private _select: HTMLSelectElement;
  private _state: TargetSelect.IState = {
    value: null,
    fallback: 'kernel',
    enabled: true
  };
  private _targets: ITargetsModel;
  private _trans: TranslationBundle;
}

/**
 * A namespace for `TargetSelect` statics.
 */
export namespace TargetSelect {
  export interface IOptions {
    targets: ITargetsModel;
    trans: TranslationBundle;
  }

  export interface IState {
    /**
     * The cell's own target.
     */
    value: string | null;

    /**
     * Where the cell runs when it has none.
     */
    fallback: string;
    enabled: boolean;
  }
}

namespace Private {
  export function createNode(
    select: HTMLSelectElement,
    trans: TranslationBundle
  ): HTMLElement {
    const node = document.createElement('div');
    const label = document.createElement('label');
    label.textContent = trans.__('Target');
    select.id = `dossier-target-${UUID.uuid4()}`;
    label.htmlFor = select.id;
    node.append(label, select);
    return node;
  }
}
