import type { IOutput } from '@jupyterlab/nbformat';
import {
  OutputArea,
  OutputAreaModel,
  SimplifiedOutputArea
} from '@jupyterlab/outputarea';
import { ReactWidget } from '@jupyterlab/ui-components';
import { JSONExt, type ReadonlyJSONValue } from '@lumino/coreutils';
import { Panel, Widget } from '@lumino/widgets';
import React from 'react';

import { numbered } from '../api';
import { RunCommandIDs } from '../ui/commandids';
import { State } from '../ui/state';
import { took } from '../ui/words';
import { CellFacts } from './facts';
import { LogView } from './log';
import type { IRunViewOptions } from './options';

/**
 * One cell of a run: its code and outputs, what is known of it, and its log.
 */
export class CellView extends Panel {
  constructor(options: IRunViewOptions) {
    super();
    this.addClass('jp-DossierRunCell');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', options.trans.__('The chosen cell'));
    this._tabs = [
      new CellResult(options),
      new CellFacts(options),
      new LogView(options)
    ];
    this.addWidget(new CellHead(options, this));
    this._tabs.forEach((tab, index) => {
      tab.id = `dossier-tab-${options.run}-${index}`;
      tab.addClass('jp-DossierRunCell-tab');
      tab.node.setAttribute('role', 'tabpanel');
      tab.node.setAttribute('aria-labelledby', `${tab.id}-tab`);
      // Else what is longer than its place could not be scrolled by keys.
      tab.node.tabIndex = 0;
      tab.setHidden(index > 0);
      this.addWidget(tab);
    });
  }

  /**
   * The parts of which one is shown.
   */
  get tabs(): readonly Widget[] {
    return this._tabs;
  }

  get shown(): number {
    return this._tabs.findIndex(tab => !tab.isHidden);
  }
  set shown(shown: number) {
    this._tabs.forEach((tab, index) => tab.setHidden(index !== shown));
  }

  private _tabs: Widget[];
}

/**
 * What the cell is, what can be done with it, and what of it is shown.
 */
class CellHead extends ReactWidget {
  constructor(
    private _options: IRunViewOptions,
    private _view: CellView
  ) {
    super();
    this.addClass('jp-DossierRunCell-head');
    _options.model.changed.connect(this.update, this);
    _options.model.cellChanged.connect(this.update, this);
  }

  protected render(): JSX.Element {
    const { commands, model, run, trans, troubles } = this._options;
    const task = model.record?.tasks.find(({ id }) => id === model.selected);
    if (!task) {
      return <></>;
    }
    const labels = [
      trans.__('Code and outputs'),
      trans.__('Details'),
      trans.__('Log')
    ];
    return (
      <>
        <div className="jp-DossierRunCell-title">
          <h3>{trans.__('Cell %1', task.index + 1)}</h3>
          <State state={task.state} trans={trans} />
          <span>{trans.__('on %1', task.target)}</span>
          {task.started !== null && task.ended !== null && (
            <span>{took(task.ended - task.started, trans)}</span>
          )}
          <button
            className="jp-DossierRun-button"
            title={commands.caption(RunCommandIDs.loadInputs)}
            onClick={() => {
              void commands.execute(RunCommandIDs.loadInputs, {
                run,
                cell: task.id
              });
            }}
          >
            {trans.__('Open inputs')}
          </button>
        </div>
        {model.cellError ? (
          <p role="alert">{troubles.words(model.cellError)}</p>
        ) : null}
        {task.why && (
          <p className="jp-DossierRunCell-why">{numbered(task.why)}</p>
        )}
        <div
          role="tablist"
          aria-label={trans.__('What is shown of the cell')}
          onKeyDown={event => this._onKey(event, labels.length)}
        >
          {labels.map((label, index) => {
            const isShown = index === this._view.shown;
            return (
              <button
                key={label}
                id={`${this._view.tabs[index].id}-tab`}
                role="tab"
                aria-selected={isShown}
                aria-controls={this._view.tabs[index].id}
                tabIndex={isShown ? 0 : -1}
                onClick={() => this._show(index)}
              >
                {label}
              </button>
            );
          })}
        </div>
      </>
    );
  }

  private _show(index: number): void {
    this._view.shown = index;
    this.update();
  }

  private _onKey(event: React.KeyboardEvent, count: number): void {
    const step = { ArrowRight: 1, ArrowLeft: count - 1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = (this._view.shown + step) % count;
      this._show(next);
      this.node.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
    }
  }
}

/**
 * The code that ran and what it showed, as in a notebook and read-only.
 */
class CellResult extends Panel {
  constructor(private _options: IRunViewOptions) {
    super();
    const { trans } = _options;
    this._code.node.className = 'jp-DossierRunCell-code';
    this._code.node.tabIndex = 0;
    this._code.node.setAttribute('role', 'group');
    this._code.node.setAttribute('aria-label', trans.__('Code that ran'));
    this.addWidget(this._code);
    _options.model.cellChanged.connect(this._refresh, this);
  }

  private _refresh(): void {
    const { details } = this._options.model;
    const source = details?.source ?? '';
    if (source !== this._source) {
      this._source = source;
      this._highlight(source).catch(console.error);
    }
    this._showOutputs();
  }

  private async _highlight(source: string): Promise<void> {
    const { languages } = this._options;
    const pre = document.createElement('pre');
    const language = languages?.findByName('ipython') ?? null;
    if (languages && language) {
      await languages.highlight(source, language, pre);
    } else {
      pre.textContent = source;
    }
    if (source === this._source) {
      this._code.node.replaceChildren(pre);
    }
  }

  private _showOutputs(): void {
    const { model, rendermime, trans } = this._options;
    const shown = model.outputs?.outputs ?? [];
    const values = shown as unknown as ReadonlyJSONValue;
    if (this._outputs && JSONExt.deepEqual(values, this._shown)) {
      return;
    }
    this._outputs?.dispose();
    this._shown = values;
    // What another user ran is shown as an untrusted notebook is.
    const trusted = model.record?.own ?? false;
    const outputs = new SimplifiedOutputArea({
      model: new OutputAreaModel({ values: shown as IOutput[], trusted }),
      rendermime,
      contentFactory: OutputArea.defaultContentFactory
    });
    outputs.node.setAttribute('role', 'group');
    outputs.node.setAttribute('aria-label', trans.__('Outputs'));
    this._outputs = outputs;
    this.addWidget(outputs);
  }

  private _code = new Widget();
  private _outputs: SimplifiedOutputArea | null = null;
  private _shown: ReadonlyJSONValue = [];
  private _source: string | null = null;
}
