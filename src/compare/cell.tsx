import type { Extension } from '@codemirror/state';
import {
  OutputArea,
  OutputAreaModel,
  SimplifiedOutputArea
} from '@jupyterlab/outputarea';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import React from 'react';

import { numbered } from '../api';
import { State } from '../ui/state';
import { CodeDiff } from './code';
import {
  changedLines,
  type ComparedCell,
  type Difference,
  differencesOf
} from './differences';
import type { ComparisonModel, Side } from './model';

/**
 * A cell that differs between two runs. Code and outputs are drawn when they come into view.
 */
export class CellComparison extends Panel {
  constructor(private _options: CellComparison.IOptions) {
    super();
    const { cell, model, trans } = _options;
    this.addClass('jp-DossierCompare-cell');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute(
      'aria-label',
      trans.__('Cell %1', model.number(cell))
    );
    this.addWidget(new CellFacts(_options));
  }

  override dispose(): void {
    this._observer?.disconnect();
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._observer ??= new IntersectionObserver(entries => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) {
        this._observer?.disconnect();
        this._draw();
      }
    });
    this._observer.observe(this.node);
  }

  private _draw(): void {
    const { cell, language, model, trans } = this._options;
    if (this.isDisposed || this.widgets.length > 1) {
      return;
    }
    const kinds = differencesOf(cell);
    if (kinds.includes('code')) {
      const left = model.source('left', cell);
      const right = model.source('right', cell);
      this.addWidget(new CodeDiff({ language, left, right, trans }));
    }
    if (kinds.includes('outputs')) {
      const pair = new Panel();
      pair.addClass('jp-DossierCompare-outputs');
      pair.addWidget(this._outputs('left', trans.__('Outputs in run A')));
      pair.addWidget(this._outputs('right', trans.__('Outputs in run B')));
      this.addWidget(pair);
    }
  }

  private _outputs(side: Side, label: string): Widget {
    const { cell, model, rendermime } = this._options;
    const panel = new Panel();
    panel.node.setAttribute('role', 'group');
    panel.node.setAttribute('aria-label', label);
    panel.node.tabIndex = 0;
    const title = new Widget({ node: document.createElement('h4') });
    title.node.textContent = label;
    panel.addWidget(title);
    panel.addWidget(
      new SimplifiedOutputArea({
        model: new OutputAreaModel({
          values: model.outputs(side, cell),
          // What another user ran is shown as an untrusted notebook is.
          trusted: model.record(side)?.own ?? false
        }),
        rendermime,
        contentFactory: OutputArea.defaultContentFactory
      })
    );
    return panel;
  }

  private _observer: IntersectionObserver | null = null;
}

/**
 * A namespace for `CellComparison` statics.
 */
export namespace CellComparison {
  export interface IOptions {
    cell: ComparedCell;
    language: Extension | null;
    model: ComparisonModel;
    rendermime: IRenderMimeRegistry;
    trans: TranslationBundle;
  }
}

/**
 * What differs of a cell, in words.
 */
class CellFacts extends ReactWidget {
  constructor(private _options: CellComparison.IOptions) {
    super();
  }

  protected render(): JSX.Element {
    const { cell, model, trans } = this._options;
    const differences = differencesOf(cell);
    const others = cell.inputs.filter(({ same }) => !same);
    return (
      <>
        <h3>
          {trans.__('Cell %1', model.number(cell))}
          <span className="jp-DossierCompare-kinds">
            {differences.map(kind => (
              <span key={kind}>{kindWord(kind, cell, trans)}</span>
            ))}
          </span>
        </h3>
        <p className="jp-DossierCompare-sides">
          {this._task('left', trans.__('Run A'))}
          {this._task('right', trans.__('Run B'))}
        </p>
        {others.length > 0 && (
          <p>
            {trans.__('Inputs with other bytes:')}{' '}
            {others.map(({ name }, index) => (
              <React.Fragment key={name}>
                {index > 0 && ', '}
                <code>{name}</code>
              </React.Fragment>
            ))}
          </p>
        )}
        {cell.outputs.length > 0 && (
          <ul aria-label={trans.__('How outputs differ')}>
            {cell.outputs.map((words, index) => (
              <li key={index}>{words}</li>
            ))}
          </ul>
        )}
      </>
    );
  }

  private _task(side: Side, name: string): JSX.Element {
    const { trans } = this._options;
    const task = this._options.cell[side];
    return (
      <span className="jp-DossierCompare-side">
        <span>{name}</span>
        {task ? (
          <>
            <State state={task.state} trans={trans} />
            <span>{trans.__('on %1', task.target)}</span>
            {task.why && <span>{numbered(task.why)}</span>}
          </>
        ) : (
          <span>{trans.__('not part of it')}</span>
        )}
      </span>
    );
  }
}

/**
 * The words for a way in which a cell differs.
 */
function kindWord(
  kind: Difference,
  cell: ComparedCell,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'missing':
      return cell.left ? trans.__('only in run A') : trans.__('only in run B');
    case 'code': {
      const { added, removed } = changedLines(cell.code);
      return trans.__('code (+%1 −%2 lines)', added, removed);
    }
    case 'inputs':
      return trans.__('inputs');
    case 'outputs':
      return trans.__('outputs');
    case 'state':
      return trans.__('state');
    case 'target':
      return trans.__('target');
  }
}
