import { type ISignal, Signal } from '@lumino/signaling';

import { type IApiClient, type LogPage, numbered } from '../api';

/**
 * The last lines of what an attempt said.
 */
export class LogModel {
  constructor(private _options: LogModel.IOptions) {}

  /**
   * At most `limit` lines, oldest first.
   */
  get lines(): readonly LogModel.ILine[] {
    return this._lines;
  }

  /**
   * How many lines before these are not kept.
   */
  get dropped(): number {
    return this._dropped;
  }

  get changed(): ISignal<LogModel, void> {
    return this._changed;
  }

  /**
   * Ask for what has come since, page by page.
   */
  update(): Promise<void> {
    this._pending ??= this._update().finally(() => {
      this._pending = null;
    });
    return this._pending;
  }

  /**
   * All that the attempt said, from the beginning, as text.
   */
  async whole(): Promise<string> {
    const parts: string[] = [];
    for (let after = 0, more = true; more;) {
      const page = await this._page(after);
      parts.push(...page.entries.map(({ text }) => text));
      ({ next: after, more } = page);
    }
    return parts.join('');
  }

  private async _update(): Promise<void> {
    for (let more = true; more;) {
      const page = await this._page(this._next);
      page.entries.forEach(entry => this._add(entry));
      ({ next: this._next, more } = page);
      const over = this._lines.length - (this._options.limit ?? LIMIT);
      if (over > 0) {
        this._lines.splice(0, over);
        this._dropped += over;
      }
      this._changed.emit();
    }
  }

  private async _page(after: number): Promise<LogPage> {
    const { api, attempt, cell, run } = this._options;
    const page = await api.log(run, cell, attempt, after);
    // What the cell itself said stays as it is.
    const entries = page.entries.map(entry =>
      entry.source === 'state'
        ? { ...entry, text: numbered(entry.text) }
        : entry
    );
    return { ...page, entries };
  }

  private _add({ source, text, time }: LogPage['entries'][number]): void {
    const last = this._lines[this._lines.length - 1];
    const goesOn = this._open !== '' && last?.source === source;
    const raw = (goesOn ? this._open : '') + text.replace(ANSI, '');
    if (goesOn) {
      this._lines.pop();
    }
    const parts = raw.split('\n');
    // What follows the last line break is the begin of a line, or nothing.
    this._open = parts[parts.length - 1];
    if (this._open === '') {
      parts.pop();
    }
    for (const part of parts) {
      this._lines.push({ source, time, text: overwritten(part) });
    }
  }

  private _changed = new Signal<LogModel, void>(this);
  private _dropped = 0;
  private _lines: LogModel.ILine[] = [];
  private _next = 0;

  /**
   * The begin of a line that has not ended, as it was said.
   */
  private _open = '';
  private _pending: Promise<void> | null = null;
}

/**
 * A namespace for `LogModel` statics.
 */
export namespace LogModel {
  export interface ILine {
    source: string;

    /**
     * Seconds since the epoch.
     */
    time: number;
    text: string;
  }

  export interface IOptions {
    api: IApiClient;
    attempt: string | undefined;
    cell: string;

    /**
     * How many lines are kept.
     */
    limit?: number;
    run: string;
  }
}

const LIMIT = 20_000;

// Colours, and moves of the cursor.
// eslint-disable-next-line no-control-regex
const ANSI = /\x1b\[[0-9;?]*[A-Za-z]/g;

/**
 * A line as a terminal shows it after carriage returns.
 */
function overwritten(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1);
}
