import { Time } from '@jupyterlab/coreutils';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

import { type CellDetails, numbered } from '../api';
import { attemptWord, size, took } from '../ui/words';
import type { IRunViewOptions } from './options';
import { ReuseFacts } from './reuse';

/**
 * What is known of a cell in a run: values in and out, attempts, conditions.
 */
export class CellFacts extends ReactWidget {
  constructor(private _options: IRunViewOptions) {
    super();
    this.addClass('jp-DossierRunFacts');
    _options.model.cellChanged.connect(this.update, this);
  }

  protected render(): JSX.Element {
    const { model, trans } = this._options;
    const { details } = model;
    if (!details) {
      return <p role="status">{trans.__('Asking for the cell…')}</p>;
    }
    return (
      <>
        <ReuseFacts details={details} options={this._options} />
        {this._values(trans.__('Inputs'), details.inputs, true)}
        {this._values(trans.__('Values it left'), details.outputs, false)}
        {this._attempts(details)}
        {this._conditions(details)}
      </>
    );
  }

  private _values(
    title: string,
    values: CellDetails['inputs'],
    hasMaker: boolean
  ): JSX.Element {
    const { model, trans } = this._options;
    const number = (cell: string | null) => {
      const task = model.record?.tasks.find(({ id }) => id === cell);
      return task ? trans.__('cell %1', task.index + 1) : trans.__('kernel');
    };
    return (
      <section>
        <h4>{title}</h4>
        {values.length === 0 ? (
          <p>{trans.__('none')}</p>
        ) : (
          <table aria-label={title}>
            <thead>
              <tr>
                <th scope="col">{trans.__('Name')}</th>
                <th scope="col">{trans.__('Type')}</th>
                <th scope="col">{trans.__('Size')}</th>
                {hasMaker && <th scope="col">{trans.__('From')}</th>}
                <th scope="col">{trans.__('Hash')}</th>
              </tr>
            </thead>
            <tbody>
              {values.map(value => (
                <tr key={value.version}>
                  <th scope="row">
                    <code>{value.name}</code>
                  </th>
                  <td title={value.summary ?? ''}>
                    {value.unshippable
                      ? trans.__(
                          '%1, only in its worker kernel: %2',
                          value.type ?? '',
                          value.unshippable
                        )
                      : value.type}
                  </td>
                  <td>
                    {value.bytes === null ? '' : size(value.bytes, trans)}
                  </td>
                  {hasMaker && <td>{number(value.from)}</td>}
                  <td>
                    <code title={value.hash ?? ''}>
                      {value.hash?.slice(0, 12)}
                    </code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    );
  }

  private _attempts({ attempts }: CellDetails): JSX.Element {
    const { trans } = this._options;
    return (
      <section>
        <h4>{trans.__('Attempts')}</h4>
        {attempts.length === 0 ? (
          <p>{trans.__('It was never sent to a worker.')}</p>
        ) : (
          <table aria-label={trans.__('Attempts')}>
            <thead>
              <tr>
                <th scope="col">{trans.__('Number')}</th>
                <th scope="col">{trans.__('State')}</th>
                <th scope="col">{trans.__('Where')}</th>
                <th scope="col">{trans.__('Began')}</th>
                <th scope="col">{trans.__('Took')}</th>
              </tr>
            </thead>
            <tbody>
              {attempts.map((attempt, index) => (
                <tr key={attempt.attempt}>
                  <th scope="row">{index + 1}</th>
                  <td>
                    {[
                      attemptWord(attempt.state, trans),
                      numbered(attempt.why ?? '')
                    ]
                      .filter(Boolean)
                      .join(': ')}
                  </td>
                  <td>
                    {[
                      attempt.target,
                      attempt.host,
                      attempt.pid && trans.__('process %1', attempt.pid)
                    ]
                      .filter(Boolean)
                      .join(', ')}
                  </td>
                  <td>{Time.format(new Date(1000 * attempt.started))}</td>
                  <td>
                    {attempt.ended === null
                      ? ''
                      : took(attempt.ended - attempt.started, trans)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    );
  }

  private _conditions({ conditions }: CellDetails): JSX.Element {
    const { trans } = this._options;
    const rows = flat(conditions);
    return (
      <section>
        <h4>{trans.__('Who, where, and under which conditions')}</h4>
        <table aria-label={trans.__('Conditions')}>
          <tbody>
            {rows.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    );
  }
}

/**
 * A nested object as lines of dotted names and texts.
 */
export function flat(value: object, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, part]): [string, string][] =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? flat(part as object, `${prefix}${key}.`)
      : [[prefix + key, Array.isArray(part) ? part.join(', ') : String(part)]]
  );
}
