import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import type { LogModel } from './logmodel';

/**
 * Lines of which only those in view are in the page.
 */
export class LogList extends Widget {
  constructor(label: string) {
    super();
    this.addClass('jp-DossierLog-lines');
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'log');
    this.node.setAttribute('aria-live', 'off');
    this.node.setAttribute('aria-label', label);
    this._space.className = 'jp-DossierLog-space';
    this._rows.className = 'jp-DossierLog-rows';
    this._space.append(this._rows);
    this.node.append(this._space);
    this.node.addEventListener('scroll', () => this._onScroll());
  }

  /**
   * Whether the last line stays in view as lines come; scrolling up ends it.
   */
  get follows(): boolean {
    return this._follows;
  }
  set follows(follows: boolean) {
    this._follows = follows;
    this.update();
  }

  /**
   * Called when the user's scrolling changed `follows`.
   */
  onFollows: (() => void) | null = null;

  /**
   * Show lines, of which those that contain a text are marked.
   */
  setLines(lines: readonly LogModel.ILine[], marked: readonly number[]): void {
    this._lines = lines;
    this._marked = new Set(marked);
    this.update();
  }

  /**
   * Bring a line into view.
   */
  reveal(index: number): void {
    this._current = index;
    this._follows = false;
    this.node.scrollTop = Math.max(
      0,
      index * this._height - this.node.clientHeight / 2
    );
    this._render();
  }

  protected override onUpdateRequest(message: Message): void {
    super.onUpdateRequest(message);
    this._measure();
    this._space.style.height = `${this._lines.length * this._height}px`;
    if (this._follows) {
      this.node.scrollTop = this.node.scrollHeight;
    }
    this._render();
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this.update();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  private _measure(): void {
    const probe = document.createElement('div');
    probe.className = 'jp-DossierLog-line';
    probe.append('X');
    this._rows.append(probe);
    this._height = probe.getBoundingClientRect().height || this._height;
    probe.remove();
  }

  private _onScroll(): void {
    const { clientHeight, scrollHeight, scrollTop } = this.node;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < this._height;
    if (scrollTop < this._last && this._follows && !isAtEnd) {
      this._follows = false;
      this.onFollows?.();
    }
    this._last = scrollTop;
    this._render();
  }

  private _render(): void {
    const { clientHeight, scrollTop } = this.node;
    const first = Math.max(0, Math.floor(scrollTop / this._height) - MARGIN);
    const count = Math.ceil(clientHeight / this._height) + 2 * MARGIN;
    const shown = this._lines.slice(first, first + count);
    this._rows.style.transform = `translateY(${first * this._height}px)`;
    this._rows.replaceChildren(
      ...shown.map((line, offset) => this._row(line, first + offset))
    );
  }

  private _row(
    { source, text, time }: LogModel.ILine,
    index: number
  ): HTMLElement {
    const row = document.createElement('div');
    row.className = 'jp-DossierLog-line';
    row.dataset.source = source;
    row.classList.toggle('jp-mod-marked', this._marked.has(index));
    row.classList.toggle('jp-mod-current', this._current === index);
    const when = document.createElement('time');
    when.textContent = time ? CLOCK.format(new Date(1000 * time)) : '';
    const what = document.createElement('span');
    what.className = 'jp-DossierLog-source';
    what.textContent = source;
    const said = document.createElement('span');
    said.className = 'jp-DossierLog-text';
    said.textContent = text;
    row.append(when, ' ', what, ' ', said);
    return row;
  }

  private _current = -1;
  private _follows = true;
  private _height = 18;
  private _last = 0;
  private _lines: readonly LogModel.ILine[] = [];
  private _marked = new Set<number>();
  private _rows = document.createElement('div');
  private _space = document.createElement('div');
}

/**
 * How many lines above and below the view are in the page.
 */
const MARGIN = 10;

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit'
});
