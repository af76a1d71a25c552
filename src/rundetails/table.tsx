import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { numbered, type RunRecord } from '../api';
import { focusRow, goByKey } from '../ui/rovingrows';
import { State } from '../ui/state';
import { took } from '../ui/words';
import type { IRunViewOptions } from './options';

/**
 * The cells of a run as a table. One of them is selected; arrow keys select another.
 */
export class TaskTable extends ReactWidget {
  constructor(private _options: IRunViewOptions) {
    super();
    this.addClass('jp-DossierRun-tasks');
    _options.model.changed.connect(this.update, this);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this._focus();
  }

  protected render(): JSX.Element {
    const { model, trans } = this._options;
    if (!model.record) {
      return <></>;
    }
    return (
      <table aria-label={trans.__('Cells of the run')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Cell')}</th>
            <th scope="col">{trans.__('State')}</th>
            <th scope="col">{trans.__('Target')}</th>
            <th scope="col">{trans.__('Time')}</th>
          </tr>
        </thead>
        <tbody onKeyDown={event => this._onKey(event)}>
          {model.record.tasks.map(task => this._row(task))}
        </tbody>
      </table>
    );
  }

  private _row(task: RunRecord['tasks'][number]): JSX.Element {
    const { model, trans } = this._options;
    const isSelected = task.id === model.selected;
    const source = model.graph?.cells.find(({ id }) => id === task.id)?.source;
    return (
      <tr
        key={task.id}
        className={isSelected ? 'jp-mod-selected' : ''}
        onClick={() => model.select(task.id)}
      >
        <td>
          <button
            aria-current={isSelected}
            tabIndex={isSelected ? 0 : -1}
            data-row={task.id}
            title={source}
          >
            <span className="jp-DossierRun-number">{task.index + 1}</span>
            <code>{firstLine(source ?? '')}</code>
          </button>
        </td>
        <td title={numbered(task.why ?? '')}>
          <State state={task.state} trans={trans} />
        </td>
        <td>{task.target}</td>
        <td>
          {task.started !== null && task.ended !== null
            ? took(task.ended - task.started, trans)
            : ''}
        </td>
      </tr>
    );
  }

  private _onKey(event: React.KeyboardEvent): void {
    const { model } = this._options;
    const ids = (model.record?.tasks ?? []).map(({ id }) => id);
    if (goByKey(event, ids, model.selected, id => model.select(id))) {
      this._focus();
    }
  }

  private _focus(): void {
    focusRow(this.node, this._options.model.selected);
  }
}

/**
 * The line that tells a cell from others: its first that is not empty.
 */
export function firstLine(source: string): string {
  const lines = source.split('\n');
  return (lines.find(line => line.trim()) ?? '').trim();
}
