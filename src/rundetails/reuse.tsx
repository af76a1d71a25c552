import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { type CellDetails, numbered } from '../api';
import { RunCommandIDs } from '../ui/commandids';
import type { IRunViewOptions } from './options';

/**
 * Why a cell was executed or its result taken from another run, and whether later runs may take it.
 */
export function ReuseFacts({
  details,
  options
}: {
  details: CellDetails;
  options: IRunViewOptions;
}): JSX.Element {
  const { commands, trans } = options;
  const { reuse } = details;
  const title = reuse?.origin
    ? trans.__('Why it was not executed')
    : trans.__('Why it was executed');
  return (
    <section aria-label={title}>
      <h4>{title}</h4>
      {!reuse && <p>{unknownWords(details.attempts.length, options)}</p>}
      {reuse?.origin && (
        <p>
          {trans.__(
            'Nothing that it depends on has changed since an earlier run, which has its result.'
          )}{' '}
          <button
            className="jp-DossierRun-button"
            title={reuse.origin}
            onClick={() => {
              void commands.execute(RunCommandIDs.openRun, {
                run: reuse.origin
              });
            }}
          >
            {trans.__('Open that run')}
          </button>
        </p>
      )}
      {reuse && !reuse.origin && reuse.differences.length === 0 && (
        <p>{trans.__('No result of an earlier run could be taken.')}</p>
      )}
      {reuse && reuse.differences.length > 0 && (
        <table aria-label={trans.__('What differs from the earlier run')}>
          <thead>
            <tr>
              <th scope="col">{trans.__('Part')}</th>
              <th scope="col">{trans.__('What differs')}</th>
            </tr>
          </thead>
          <tbody>
            {reuse.differences.map(({ name, part, words }, index) => (
              <tr key={index}>
                <th scope="row" title={name ?? ''}>
                  {partWord(part, trans)}
                </th>
                <td>{numbered(words)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {reuse?.barred && (
        <p>
          {trans.__(
            'Later runs do not take its result: %1',
            numbered(reuse.barred)
          )}
        </p>
      )}
    </section>
  );
}

/**
 * Why nothing is known of a cell's reuse.
 */
function unknownWords(
  attempts: number,
  { model, trans }: IRunViewOptions
): string {
  if (model.record?.kind === 'cell') {
    return trans.__('It was run by itself, which always executes it.');
  }
  return attempts
    ? trans.__('It has no result that another run could take.')
    : trans.__('It was not executed.');
}

/**
 * The word for a part of what a result depends on.
 */
export function partWord(part: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    barred: trans.__('not reusable'),
    conditions: trans.__('conditions'),
    effects: trans.__('effects'),
    environment: trans.__('environment'),
    files: trans.__('files'),
    inputs: trans.__('inputs'),
    may_fail: trans.__('tags'),
    modules: trans.__('modules'),
    options: trans.__('options'),
    outputs: trans.__('values'),
    packages: trans.__('packages'),
    place: trans.__('folder'),
    process: trans.__('process'),
    raw: trans.__('source text'),
    schema: trans.__('version'),
    setup: trans.__('set-up'),
    source: trans.__('code'),
    store: trans.__('store'),
    target: trans.__('target'),
    together: trans.__('other cells'),
    written: trans.__('written files')
  };
  return words[part] ?? part;
}
