import { PathExt, Time } from '@jupyterlab/coreutils';
import { Button, ReactWidget, stopIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { numbered, type RunSummary } from '../api';
import { RunCommandIDs } from '../ui/commandids';
import { State } from '../ui/state';
import { took } from '../ui/words';
import type { IRunsPanelOptions } from './options';

/**
 * The runs, newest first. Each is one stop of the Tab key, arrow keys go from one to the next.
 */
export class RunList extends ReactWidget {
  constructor(private _options: IRunsPanelOptions) {
    super();
    const { model, trans } = _options;
    this.addClass('jp-DossierRuns-section');
    this.title.label = trans.__('Runs');
    model.changed.connect(this.update, this);
  }

  /**
   * Show a page of older runs; where the focus was here, it goes to the first of them.
   */
  async showOlder(): Promise<void> {
    const { model } = this._options;
    const shown = model.found.length;
    const hadFocus = this.node.contains(document.activeElement);
    await model.showOlder();
    if (hadFocus) {
      this._next = shown;
      this.update();
    }
  }

  protected render(): JSX.Element {
    const { commands, model, trans, troubles } = this._options;
    if (model.error) {
      return (
        <p className="jp-DossierRuns-note" role="alert">
          {troubles.words(model.error)}
        </p>
      );
    }
    if (!model.runs) {
      return (
        <p className="jp-DossierRuns-note" role="status">
          {trans.__('Asking for the runs…')}
        </p>
      );
    }
    const { found, hasOlder, runs } = model;
    return (
      <div ref={list => this._onDrawn(list)}>
        {found.length ? (
          this._list(found)
        ) : (
          <p className="jp-DossierRuns-note" role="status">
            {hasOlder
              ? trans.__(
                  'None of the newest %1 runs matches the filter.',
                  runs.length
                )
              : runs.length
                ? trans.__('No run matches the filter.')
                : trans.__(
                    'Nothing has run on a target yet. “Run as Workflow”, or a cell with a target, makes a run.'
                  )}
          </p>
        )}
        {hasOlder && (
          <p className="jp-DossierRuns-older">
            <Button
              className="jp-mod-styled"
              small
              aria-describedby={OLDER}
              onClick={() => {
                void commands.execute(RunCommandIDs.showOlderRuns);
              }}
            >
              {trans.__('Show older runs')}
            </Button>
            <span id={OLDER} role="status">
              {trans.__('The newest %1 are shown', runs.length)}
            </span>
          </p>
        )}
      </div>
    );
  }

  private _list(runs: readonly RunSummary[]): JSX.Element {
    const { commands, trans } = this._options;
    return (
      <ul
        className="jp-DossierRuns-list"
        aria-label={trans.__('Runs')}
        onKeyDown={onArrow}
      >
        {runs.map(run => (
          <li
            key={run.run}
            className="jp-DossierRuns-item"
            data-run={run.run}
            title={[run.path, run.run, numbered(run.why ?? '')]
              .filter(Boolean)
              .join('\n')}
          >
            <button
              className="jp-DossierRuns-open"
              onClick={() => {
                void commands.execute(RunCommandIDs.openRun, { run: run.run });
              }}
            >
              <State state={run.state} trans={trans} />
              <span className="jp-DossierRuns-name">
                {PathExt.basename(run.path)}
              </span>
              <span className="jp-DossierRuns-more">{this._more(run)}</span>
              {run.progress && (
                <progress
                  aria-hidden="true"
                  max={run.progress.total}
                  value={run.progress.ended}
                />
              )}
            </button>
            {run.state === 'running' && (
              <button
                className="jp-DossierRuns-action"
                title={trans.__('Cancel this run')}
                aria-label={trans.__(
                  'Cancel the run of %1',
                  PathExt.basename(run.path)
                )}
                onClick={() => {
                  void commands.execute(RunCommandIDs.cancelRun, {
                    run: run.run
                  });
                }}
              >
                <stopIcon.react tag="span" elementSize="normal" />
              </button>
            )}
          </li>
        ))}
      </ul>
    );
  }

  private _more({ kind, created, ended, progress }: RunSummary): string {
    const { trans } = this._options;
    const parts = [
      kind === 'workflow' ? trans.__('workflow') : trans.__('one cell'),
      Time.formatHuman(new Date(1000 * created))
    ];
    if (progress) {
      parts.unshift(trans.__('%1 of %2 cells', progress.ended, progress.total));
    } else if (ended !== null) {
      parts.push(took(ended - created, trans));
    }
    return parts.join(' · ');
  }

  private _onDrawn(list: HTMLElement | null): void {
    if (!list || this._next === null) {
      return;
    }
    const entries = list.querySelectorAll<HTMLElement>('.jp-DossierRuns-open');
    const next = entries[this._next];
    this._next = null;
    const focused = document.activeElement;
    if (focused && focused !== document.body && !this.node.contains(focused)) {
      return; // the user went elsewhere meanwhile
    }
    if (next) {
      next.focus();
    } else if (!this._options.model.hasOlder) {
      entries[entries.length - 1]?.focus(); // the button has gone
    }
  }

  /**
   * Which entry takes the focus when it is drawn.
   */
  private _next: number | null = null;
}

/**
 * The id of the words on how many runs are shown.
 */
const OLDER = 'jp-dossier-runs-shown';

/**
 * Go to the run before or after the focused one.
 */
function onArrow(event: React.KeyboardEvent<HTMLElement>): void {
  const all = Array.from(
    event.currentTarget.querySelectorAll<HTMLElement>('.jp-DossierRuns-open')
  );
  const row = (event.target as HTMLElement).closest('.jp-DossierRuns-item');
  const at = all.findIndex(button => row?.contains(button));
  const to = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: all.length - 1
  }[event.key];
  if (to !== undefined && all[to]) {
    event.preventDefault();
    all[to].focus();
  }
}
