import { checkIcon } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { type ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

/**
 * A menu of choices that can say more of each than a line: what cannot be chosen is reached by the
 * keys too, and says why.
 */
export class ChoiceMenu extends Widget {
  constructor(options: ChoiceMenu.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-DossierMenu');
    this.node.setAttribute('role', 'menu');
    this.node.setAttribute('aria-label', options.label);
    // Keys pressed in the menu are not the notebook's shortcuts.
    this.node.dataset.lmSuppressShortcuts = 'true';
    options.changed.connect(this._render, this);
    this._render();
  }

  /**
   * Open below an element, or above it where there is no room.
   */
  open(anchor: HTMLElement): void {
    this._anchor = anchor;
    anchor.setAttribute('aria-expanded', 'true');
    Widget.attach(this, document.body);
    this._place();
    this._focus(this._items.find(isChecked) ?? this._items[0]);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.changed.disconnect(this._render, this);
    this._anchor?.removeAttribute('aria-expanded');
    Signal.clearData(this);
    super.dispose();
  }

  handleEvent(event: Event): void {
    switch (event.type) {
      case 'keydown':
        this._onKey(event as KeyboardEvent);
        break;
      case 'click':
        this._pick((event.target as Element).closest('[role^="menuitem"]'));
        break;
      case 'pointermove':
        this._focus((event.target as Element).closest('[role^="menuitem"]'));
        break;
      case 'focusout':
        this._onFocusOut(event as FocusEvent);
        break;
      case 'pointerdown':
        if (!this.node.contains(event.target as Node)) {
          this.dispose();
        }
        break;
      case 'scroll':
        if ((event.target as Node).contains(this._anchor)) {
          this._place();
        }
        break;
      case 'resize':
        this._place();
        break;
    }
  }

  protected override onAfterAttach(_: Message): void {
    for (const type of OWN_EVENTS) {
      this.node.addEventListener(type, this);
    }
    document.addEventListener('pointerdown', this, true);
    document.addEventListener('scroll', this, true);
    window.addEventListener('resize', this);
  }

  protected override onBeforeDetach(_: Message): void {
    for (const type of OWN_EVENTS) {
      this.node.removeEventListener(type, this);
    }
    document.removeEventListener('pointerdown', this, true);
    document.removeEventListener('scroll', this, true);
    window.removeEventListener('resize', this);
  }

  /**
   * Close when something else takes the focus, but not where a notebook takes it at the end of a
   * run: the user has gone nowhere.
   */
  private _onFocusOut({ relatedTarget, target }: FocusEvent): void {
    const next = relatedTarget as Element | null;
    if (this._isRendering || this.node.contains(next)) {
      return;
    }
    if (next?.closest('.jp-NotebookPanel')) {
      queueMicrotask(() => this._focus(target as Element));
    } else {
      this.dispose();
    }
  }

  private _onKey(event: KeyboardEvent): void {
    const items = this._items;
    const at = items.indexOf(document.activeElement as HTMLElement);
    let next: HTMLElement | undefined;
    const typed = event.timeStamp - this._typedAt < TYPING ? this._typed : '';
    this._typed = '';
    switch (event.key) {
      case 'ArrowDown':
        next = items[(at + 1) % items.length];
        break;
      case 'ArrowUp':
        next = items[(at + items.length - 1) % items.length];
        break;
      case 'Home':
        next = items[0];
        break;
      case 'End':
        next = items[items.length - 1];
        break;
      case 'Enter':
        this._pick(items[at]);
        break;
      case 'Escape':
      case 'Tab':
        this._close();
        break;
      default:
        if (event.key === ' ' && !Private.named(items, at, `${typed} `)) {
          this._pick(items[at]);
        } else {
          // Keys that type nothing, like Shift, come between letters.
          this._typed =
            event.key.length === 1 ? typed + event.key.toLowerCase() : typed;
          this._typedAt = event.timeStamp;
          next = Private.named(items, at, this._typed);
        }
        break;
    }
    this._focus(next);
    event.preventDefault();
    event.stopPropagation();
  }

  /**
   * Close and give the focus back.
   */
  private _close(): void {
    this.dispose();
    this._options.onClosed();
  }

  private _pick(item: Element | null | undefined): void {
    const pick = item && this._picks.get(item);
    if (pick) {
      this._close();
      pick();
    }
  }

  private _focus(item: Element | null | undefined): void {
    if (item instanceof HTMLElement && item !== document.activeElement) {
      item.focus({ preventScroll: true });
      item.scrollIntoView({ block: 'nearest' });
    }
  }

  private get _items(): HTMLElement[] {
    return Array.from(this.node.querySelectorAll('[role^="menuitem"]'));
  }

  private _render(): void {
    const at = this._items.indexOf(document.activeElement as HTMLElement);
    this._isRendering = true;
    this._picks.clear();
    const { sections, actions } = this._options.content();
    const groups = sections.map(section => this._section(section));
    if (actions.length > 0) {
      const group = document.createElement('div');
      group.className = 'jp-DossierMenu-group';
      group.setAttribute('role', 'group');
      for (const { label, pick } of actions) {
        const item = Private.item('menuitem', label);
        this._picks.set(item, pick);
        group.append(item);
      }
      groups.push(group);
    }
    this.node.replaceChildren(...groups);
    if (at >= 0) {
      this._focus(this._items[Math.min(at, this._items.length - 1)]);
      this._place();
    }
    this._isRendering = false;
  }

  private _section(section: ChoiceMenu.ISection): HTMLElement {
    const group = document.createElement('div');
    group.className = 'jp-DossierMenu-group';
    group.setAttribute('role', 'group');
    const heading = document.createElement('div');
    heading.className = 'jp-DossierMenu-heading';
    heading.id = `dossier-menu-${UUID.uuid4()}`;
    heading.textContent = section.label;
    heading.setAttribute('role', 'presentation');
    group.setAttribute('aria-labelledby', heading.id);
    group.append(heading);
    for (const choice of section.choices) {
      const item = Private.item('menuitemradio', choice.label, choice.detail);
      const isCurrent = choice.value === section.value;
      item.setAttribute('aria-checked', String(isCurrent));
      if (choice.why === null) {
        this._picks.set(item, () => section.pick(choice.value));
      } else {
        item.setAttribute('aria-disabled', 'true');
        item.title = choice.why;
        const why = document.createElement('span');
        why.className = 'jp-DossierMenu-why';
        why.textContent = choice.why;
        item.append(' ', why);
      }
      if (isCurrent) {
        checkIcon.element({
          container: item.firstElementChild as HTMLElement,
          tag: 'span'
        });
      }
      group.append(item);
    }
    return group;
  }

  private _place(): void {
    if (!this._anchor?.isConnected) {
      this.dispose();
      return;
    }
    const anchor = this._anchor.getBoundingClientRect();
    const { style } = this.node;
    const { innerHeight, innerWidth } = window;
    const room = Math.max(innerHeight - anchor.bottom, anchor.top) - 8;
    style.maxHeight = `${room}px`;
    const { height, width } = this.node.getBoundingClientRect();
    const fitsBelow = anchor.bottom + height <= innerHeight - 4;
    style.top = `${fitsBelow ? anchor.bottom : Math.max(4, anchor.top - height)}px`;
    style.left = `${Math.max(4, Math.min(anchor.left, innerWidth - width - 4))}px`;
  }

  private _anchor: HTMLElement | null = null;
  private _isRendering = false;
  private _options: ChoiceMenu.IOptions;
  private _picks = new Map<Element, () => void>();
  private _typed = '';
  private _typedAt = 0;
}

/**
 * A namespace for `ChoiceMenu` statics.
 */
export namespace ChoiceMenu {
  export interface IOptions {
    /**
     * Emitted when `content` gives something else.
     */
    changed: ISignal<unknown, unknown>;
    content: () => IContent;
    label: string;

    /**
     * Called when the user closed the menu by a choice or a key: who had the focus gets it back.
     */
    onClosed: () => void;
  }

  export interface IContent {
    sections: ISection[];
    actions: IAction[];
  }

  /**
   * Choices of which one holds.
   */
  export interface ISection {
    label: string;
    choices: IChoice[];

    /**
     * The value that holds now; `undefined` for none.
     */
    value: string | null | undefined;
    pick: (value: string | null) => void;
  }

  export interface IChoice {
    label: string;
    detail: string;
    value: string | null;

    /**
     * Why it cannot be chosen; `null` where it can.
     */
    why: string | null;
  }

  export interface IAction {
    label: string;
    pick: () => void;
  }
}

/**
 * For how long letters belong to one name, in milliseconds.
 */
const TYPING = 1000;

const OWN_EVENTS = ['keydown', 'click', 'pointermove', 'focusout'];

function isChecked(item: HTMLElement): boolean {
  return item.getAttribute('aria-checked') === 'true';
}

namespace Private {
  /**
   * The item that typed letters mean: from the focused one on, one whose name begins with them;
   * for one letter, typed once or again and again, the next.
   */
  export function named(
    items: readonly HTMLElement[],
    at: number,
    typed: string
  ): HTMLElement | undefined {
    if (!typed.trim()) {
      return undefined;
    }
    const find = (prefix: string, from: number) =>
      [...items.slice(from), ...items.slice(0, from)].find(item =>
        item.textContent!.toLowerCase().startsWith(prefix)
      );
    const isOneLetter = [...typed].every(letter => letter === typed[0]);
    return (
      (typed.length > 1 ? find(typed, Math.max(at, 0)) : undefined) ??
      (isOneLetter ? find(typed[0], at + 1) : undefined)
    );
  }

  export function item(role: string, label: string, detail = ''): HTMLElement {
    const node = document.createElement('div');
    node.className = 'jp-DossierMenu-item';
    node.setAttribute('role', role);
    node.tabIndex = -1;
    const check = document.createElement('span');
    check.className = 'jp-DossierMenu-check';
    const name = document.createElement('span');
    name.className = 'jp-DossierMenu-name';
    name.textContent = label;
    const more = document.createElement('span');
    more.className = 'jp-DossierMenu-detail';
    more.textContent = detail;
    node.append(check, name, ' ', more);
    return node;
  }
}
