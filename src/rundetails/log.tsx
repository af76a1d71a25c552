import {
  Button,
  caretDownIcon,
  caretUpIcon,
  downloadIcon,
  HTMLSelect,
  InputGroup,
  ReactWidget
} from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Panel } from '@lumino/widgets';
import React from 'react';

import { attemptWord } from '../ui/words';
import { LogList } from './loglist';
import { LogModel } from './logmodel';
import type { IRunViewOptions } from './options';

/**
 * What a cell, or the worker that ran it, said in one attempt.
 */
export class LogView extends Panel {
  constructor(private _options: IRunViewOptions) {
    super();
    const { model, trans } = _options;
    this.addClass('jp-DossierLog');
    this._list = new LogList(trans.__('Log of the cell'));
    this._list.onFollows = () => this._bar.update();
    this._bar = new LogBar(this, _options);
    this.addWidget(this._bar);
    this.addWidget(this._list);
    model.cellChanged.connect(this._onCell, this);
  }

  /**
   * The attempt whose log is shown; the newest one if it is not given.
   */
  attempt: string | undefined;

  /**
   * Whether the worker's own log is shown.
   */
  isOfWorker = false;

  /**
   * What is looked for.
   */
  query = '';

  /**
   * Which of the lines that contain it is the current one.
   */
  current = -1;

  get found(): readonly number[] {
    return this._found;
  }

  get list(): LogList {
    return this._list;
  }

  /**
   * How many lines are too long ago to be kept.
   */
  get dropped(): number {
    return this._log?.dropped ?? 0;
  }

  get isEmpty(): boolean {
    return this._lines.length === 0;
  }

  /**
   * Ask for the log that was chosen.
   */
  choose(attempt: string | undefined, isOfWorker: boolean): void {
    this.attempt = attempt;
    this.isOfWorker = isOfWorker;
    this._log = null;
    this._lines = [];
    this._refresh();
    this._load();
  }

  /**
   * Look for a text.
   */
  search(query: string): void {
    this.query = query;
    this.current = -1;
    this._refresh();
    this.step(1);
  }

  /**
   * Go to the next or the previous line that was found.
   */
  step(by: number): void {
    const count = this._found.length;
    if (count) {
      this.current = (this.current + by + count) % count;
      this._list.reveal(this._found[this.current]);
    }
    this._bar.update();
  }

  /**
   * Save the whole log as a file.
   */
  async download(): Promise<void> {
    const { model, run, troubles } = this._options;
    try {
      const text = this.isOfWorker
        ? this._lines.map(line => line.text).join('\n')
        : ((await this._log?.whole()) ?? '');
      const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
      const link = document.createElement('a');
      link.href = url;
      link.download = `${run}-${model.selected}.log`;
      link.click();
      URL.revokeObjectURL(url);
    } catch (error) {
      troubles.report(error);
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._load();
  }

  private _onCell(): void {
    const { selected } = this._options.model;
    if (selected !== this._cell) {
      this._cell = selected;
      this.choose(undefined, false);
    } else {
      this._load();
    }
    this._bar.update();
  }

  private _load(): void {
    const { api, run, troubles } = this._options;
    if (!this.isVisible || this._cell === null) {
      return;
    }
    const cell = this._cell;
    if (this.isOfWorker) {
      const { attempt } = this;
      api.workerLog(run, cell, attempt).then(
        text => {
          if (
            this.isOfWorker &&
            cell === this._cell &&
            attempt === this.attempt
          ) {
            const parts = text ? text.replace(/\n$/, '').split('\n') : [];
            this._lines = parts.map(part => ({
              source: 'worker',
              time: 0,
              text: part
            }));
            this._refresh();
          }
        },
        error => void troubles.report(error)
      );
      return;
    }
    if (!this._log) {
      const log = new LogModel({ api, attempt: this.attempt, cell, run });
      this._log = log;
      log.changed.connect(() => {
        if (log === this._log) {
          this._lines = log.lines;
          this._refresh();
        }
      });
    }
    this._log.update().catch(error => void troubles.report(error));
  }

  private _refresh(): void {
    const wanted = this.query.toLowerCase();
    this._found = wanted
      ? this._lines.flatMap(({ text }, index) =>
          text.toLowerCase().includes(wanted) ? [index] : []
        )
      : [];
    this._list.setLines(this._lines, this._found);
    this._bar.update();
  }

  private _bar: LogBar;
  private _cell: string | null = null;
  private _found: number[] = [];
  private _lines: readonly LogModel.ILine[] = [];
  private _list: LogList;
  private _log: LogModel | null = null;
}

/**
 * Which log is shown, and what is looked for in it.
 */
class LogBar extends ReactWidget {
  constructor(
    private _view: LogView,
    private _options: IRunViewOptions
  ) {
    super();
    this.addClass('jp-DossierLog-bar');
  }

  protected render(): JSX.Element {
    const { model, trans } = this._options;
    const view = this._view;
    const attempts = model.details?.attempts ?? [];
    const { found } = view;
    return (
      <>
        <HTMLSelect
          aria-label={trans.__('Attempt')}
          value={view.attempt ?? attempts[attempts.length - 1]?.attempt ?? ''}
          onChange={event => view.choose(event.target.value, view.isOfWorker)}
          options={attempts.map(({ attempt, state }, index) => ({
            value: attempt,
            label: trans.__(
              'Attempt %1 (%2)',
              index + 1,
              attemptWord(state, trans)
            )
          }))}
        />
        <HTMLSelect
          aria-label={trans.__('Whose log')}
          value={view.isOfWorker ? 'worker' : 'cell'}
          onChange={event =>
            view.choose(view.attempt, event.target.value === 'worker')
          }
          options={[
            { value: 'cell', label: trans.__('Cell') },
            { value: 'worker', label: trans.__('Worker') }
          ]}
        />
        <InputGroup
          type="search"
          placeholder={trans.__('Find in log')}
          aria-label={trans.__('Find in log')}
          value={view.query}
          onChange={event => view.search(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              view.step(event.shiftKey ? -1 : 1);
            }
          }}
        />
        <span role="status" className="jp-DossierLog-found">
          {view.query &&
            (found.length
              ? trans.__('%1 of %2', view.current + 1, found.length)
              : trans.__('not found'))}
        </span>
        <span className="jp-DossierLog-steps">
          <Button
            minimal
            aria-label={trans.__('Previous')}
            title={trans.__('Previous')}
            disabled={!found.length}
            onClick={() => view.step(-1)}
          >
            <caretUpIcon.react tag="span" elementSize="normal" />
          </Button>
          <Button
            minimal
            aria-label={trans.__('Next')}
            title={trans.__('Next')}
            disabled={!found.length}
            onClick={() => view.step(1)}
          >
            <caretDownIcon.react tag="span" elementSize="normal" />
          </Button>
        </span>
        <label>
          <input
            type="checkbox"
            checked={view.list.follows}
            onChange={event => {
              view.list.follows = event.target.checked;
              this.update();
            }}
          />
          {trans.__('Follow')}
        </label>
        <Button
          minimal
          aria-label={trans.__('Download log')}
          title={trans.__('Download the whole log')}
          onClick={() => void view.download()}
        >
          <downloadIcon.react tag="span" elementSize="normal" />
        </Button>
        {view.isEmpty && (
          <span className="jp-DossierLog-note">
            {trans.__('Nothing was said.')}
          </span>
        )}
        {view.dropped > 0 && (
          <span className="jp-DossierLog-note">
            {trans.__(
              'The first %1 lines are not shown: the download has them.',
              view.dropped
            )}
          </span>
        )}
      </>
    );
  }
}
