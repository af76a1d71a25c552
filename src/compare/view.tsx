import type { Extension } from '@codemirror/state';
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { PathExt, Time } from '@jupyterlab/coreutils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import React from 'react';

import type { IApiClient } from '../api';
import type { ITroubles } from '../troubles';
import { RunCommandIDs } from '../ui/commandids';
import { compareIcon } from '../ui/icons';
import { State } from '../ui/state';
import { toolbarButton } from '../ui/toolbar';
import { took } from '../ui/words';
import { CellComparison } from './cell';
import { cellLanguage } from './code';
import { type ComparedCell, type Group, grouped } from './differences';
import { ComparisonModel, type Side } from './model';

/**
 * The view of two runs in the main area.
 */
export function openComparison(
  options: openComparison.IOptions
): MainAreaWidget {
  const { commands, left, right, trans } = options;
  const model = new ComparisonModel(options);
  const view = new MainAreaWidget({
    content: new ComparisonView({ ...options, model })
  });
  view.title.icon = compareIcon;
  view.title.label = trans.__('Comparison of runs');
  view.title.caption = trans.__('Run A: %1\nRun B: %2', left, right);
  view.title.closable = true;
  view.toolbar.node.setAttribute('aria-label', trans.__('Comparison of runs'));
  const items: [string, string, string, ReadonlyJSONObject][] = [
    ['a', RunCommandIDs.openRun, trans.__('Open Run A'), { run: left }],
    ['b', RunCommandIDs.openRun, trans.__('Open Run B'), { run: right }],
    [
      'swap',
      RunCommandIDs.compareRuns,
      trans.__('Swap A and B'),
      { run: left, with: right }
    ],
    [
      'other',
      RunCommandIDs.compareRuns,
      trans.__('Compare B with Another Run…'),
      { run: right }
    ]
  ];
  for (const [name, id, label, args] of items) {
    view.toolbar.addItem(name, toolbarButton(commands, id, label, args));
  }
  void model.load();
  return view;
}

/**
 * A namespace for `openComparison` statics.
 */
export namespace openComparison {
  export interface IOptions {
    api: IApiClient;
    commands: CommandRegistry;
    languages: IEditorLanguageRegistry | null;

    /**
     * The ids of the runs: A, and B.
     */
    left: string;
    right: string;
    rendermime: IRenderMimeRegistry;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}

/**
 * Two runs: what differs of their conditions, and each cell that differs.
 */
export class ComparisonView extends Panel {
  constructor(private _options: ComparisonView.IOptions) {
    super();
    this.addClass('jp-DossierCompare');
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute(
      'aria-label',
      _options.trans.__('What differs between the runs')
    );
    this.addWidget(new ComparisonHead(_options));
    _options.model.changed.connect(this._onChanged, this);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.model.dispose();
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  private _onChanged(): void {
    const { languages, model } = this._options;
    if (!model.comparison) {
      return;
    }
    const groups = grouped(model.comparison.cells);
    cellLanguage(languages)
      .catch(() => null)
      .then(language => this._add(groups, language))
      .catch(console.error);
  }

  /**
   * Add cells, as many as somebody may want to read before asking for more.
   *
   * @returns the first of them
   */
  private _add(
    groups: readonly Group[],
    language: Extension | null
  ): Widget | undefined {
    const { model, trans } = this._options;
    if (this.isDisposed) {
      return undefined;
    }
    const made = groups
      .slice(0, PAGE)
      .map(group =>
        group.isSame
          ? new SameCells(group.cells, model, trans)
          : new CellComparison({ ...this._options, cell: group.cell, language })
      );
    made.forEach(widget => this.addWidget(widget));
    const rest = groups.slice(PAGE);
    if (rest.length) {
      const more = new Widget({ node: document.createElement('button') });
      more.addClass('jp-DossierRun-button');
      more.node.textContent = trans.__('Show %1 more', rest.length);
      more.node.addEventListener('click', () => {
        more.dispose();
        this._add(rest, language)?.node.focus();
      });
      this.addWidget(more);
    }
    return made[0];
  }
}

/**
 * A namespace for `ComparisonView` statics.
 */
export namespace ComparisonView {
  export interface IOptions extends openComparison.IOptions {
    model: ComparisonModel;
  }
}

/**
 * So many cells, or folds of cells that are the same, are shown at once.
 */
const PAGE = 50;

/**
 * Which runs they are, how much differs, and what of their conditions.
 */
class ComparisonHead extends ReactWidget {
  constructor(private _options: ComparisonView.IOptions) {
    super();
    this.addClass('jp-DossierCompare-head');
    _options.model.changed.connect(this.update, this);
  }

  protected render(): JSX.Element {
    const { model, trans, troubles } = this._options;
    const { comparison, error } = model;
    if (error) {
      return <p role="alert">{troubles.words(error)}</p>;
    }
    if (!comparison) {
      return <p role="status">{trans.__('Comparing…')}</p>;
    }
    const groups = grouped(comparison.cells);
    const count = groups.filter(({ isSame }) => !isSame).length;
    return (
      <>
        {this._run('left', trans.__('Run A'))}
        {this._run('right', trans.__('Run B'))}
        <p role="status">
          {count
            ? trans._n('%1 cell differs.', '%1 cells differ.', count)
            : trans.__('No cell differs.')}
        </p>
        {this._environment(comparison.environment)}
      </>
    );
  }

  private _run(side: Side, name: string): JSX.Element {
    const { trans } = this._options;
    const record = this._options.model.record(side)!;
    const { created, ended, kind, path, run, state } = record;
    return (
      <h2 title={`${path}\n${run}`}>
        <span>{name}</span>
        <State state={state} trans={trans} />
        <span>
          {kind === 'workflow'
            ? trans.__('workflow run of %1', PathExt.basename(path))
            : trans.__('a cell of %1', PathExt.basename(path))}
        </span>
        <span>{Time.format(new Date(1000 * created))}</span>
        {ended !== null && (
          <span>{trans.__('took %1', took(ended - created, trans))}</span>
        )}
      </h2>
    );
  }

  private _environment(
    environment: { name: string; left: string | null; right: string | null }[]
  ): JSX.Element {
    const { trans } = this._options;
    if (!environment.length) {
      return <p>{trans.__('They ran under the same conditions.')}</p>;
    }
    const label = trans.__('Conditions that differ');
    return (
      <details open>
        <summary>{label}</summary>
        <table aria-label={label}>
          <thead>
            <tr>
              <th scope="col">{trans.__('Name')}</th>
              <th scope="col">{trans.__('Run A')}</th>
              <th scope="col">{trans.__('Run B')}</th>
            </tr>
          </thead>
          <tbody>
            {environment.map(({ left, name, right }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{left ?? trans.__('none')}</td>
                <td>{right ?? trans.__('none')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    );
  }
}

/**
 * Cells in a row that are the same, folded.
 */
class SameCells extends ReactWidget {
  constructor(
    private _cells: readonly ComparedCell[],
    private _model: ComparisonModel,
    private _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-DossierCompare-same');
    this.node.tabIndex = -1;
  }

  protected render(): JSX.Element {
    const cells = this._cells;
    const model = this._model;
    const trans = this._trans;
    return (
      <details>
        <summary>
          {cells.length === 1
            ? trans.__('Cell %1 is the same', model.number(cells[0]))
            : trans.__(
                'Cells %1 to %2 are the same',
                model.number(cells[0]),
                model.number(cells[cells.length - 1])
              )}
        </summary>
        <ul>
          {cells.map(cell => (
            <li key={cell.id}>
              <span>{model.number(cell)}</span>
              <pre>{model.source('right', cell)}</pre>
            </li>
          ))}
        </ul>
      </details>
    );
  }
}
