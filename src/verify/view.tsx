import type { TranslationBundle } from '@jupyterlab/translation';
import { type LabIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { numbered, type Verification } from '../api';
import { RunCommandIDs } from '../ui/commandids';
import { stateIcons, upstreamIcon } from '../ui/icons';
import type { VerificationModel } from './model';

type Verified = NonNullable<Verification['result']>;
type Verdict = Verified['cells'][number];

/**
 * What came of executing a run again: how far it is, and each cell that differs.
 */
export class VerificationView extends ReactWidget {
  constructor(private _options: VerificationView.IOptions) {
    super();
    this.addClass('jp-DossierVerify');
    // Else what is longer than its place could not be scrolled by keys.
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute(
      'aria-label',
      _options.trans.__('Verification of the run')
    );
    this.hide();
    _options.model.changed.connect(this._onChanged, this);
  }

  protected render(): JSX.Element {
    const { commands, model, run, trans } = this._options;
    const { verification } = model;
    if (!verification) {
      return <></>;
    }
    const { progress, result, state, why } = verification;
    if (state === 'running') {
      return (
        <p className="jp-DossierVerify-progress">
          <span role="status">
            {progress
              ? trans.__(
                  'Verifying: %1 (%2 of %3 cells)',
                  progress.doing,
                  progress.ended,
                  progress.total
                )
              : trans.__('Verifying…')}
          </span>
          {progress && progress.total > 0 && (
            <progress
              aria-label={trans.__('Progress of the verification')}
              max={progress.total}
              value={progress.ended}
            />
          )}
        </p>
      );
    }
    if (!result) {
      return (
        <p role="alert">
          {trans.__('It could not be verified: %1', numbered(why ?? ''))}
        </p>
      );
    }
    const isLeftOut = result.cells.some(it => it.state === 'not verified');
    return (
      <>
        <p role="status">{summary(result, trans)}</p>
        {this._table(
          trans.__('Cells that are not identical'),
          result.cells.filter(it => it.state !== 'identical')
        )}
        {result.other_cells.length > 0 && (
          <>
            <p>
              {trans.__(
                'Under other conditions (%1) these differ, too:',
                Object.entries(result.other_conditions)
                  .map(([name, value]) => `${name}=${value}`)
                  .join(', ')
              )}
            </p>
            {this._table(
              trans.__('Cells that differ under other conditions'),
              result.other_cells
            )}
          </>
        )}
        {isLeftOut && (
          <button
            className="jp-DossierRun-button"
            onClick={() => {
              void commands.execute(RunCommandIDs.verifyRun, { run });
            }}
          >
            {trans.__('Verify again, with cells that reach outside…')}
          </button>
        )}
        <button
          className="jp-DossierRun-button"
          onClick={() => {
            void commands.execute(RunCommandIDs.compareRuns, {
              run: result.again,
              with: run
            });
          }}
        >
          {trans.__('Compare with the verifying run')}
        </button>
      </>
    );
  }

  private _onChanged(): void {
    const { verification } = this._options.model;
    this.setHidden(!verification || verification.state === 'none');
    this.toggleClass('jp-mod-verdicts', !!verification?.result);
    this.parent?.fit();
    this.update();
  }

  private _table(label: string, verdicts: readonly Verdict[]): JSX.Element {
    const { trans } = this._options;
    if (!verdicts.length) {
      return <></>;
    }
    return (
      <table aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Cell')}</th>
            <th scope="col">{trans.__('Verdict')}</th>
            <th scope="col">{trans.__('How')}</th>
            <th scope="col">{trans.__('Likely cause')}</th>
          </tr>
        </thead>
        <tbody>
          {verdicts.map(({ cause, how, id, index, state, uncompared }) => (
            <tr key={id}>
              <th scope="row">{trans.__('Cell %1', index + 1)}</th>
              <td>
                <VerdictMark state={state} trans={trans} />
              </td>
              <td>
                {[...how, ...uncompared].map((words, number) => (
                  <div key={number}>{numbered(words)}</div>
                ))}
              </td>
              <td>{cause}</td>
            </tr>
          ))}
        </tbody>
      </table>
    );
  }
}

/**
 * A namespace for `VerificationView` statics.
 */
export namespace VerificationView {
  export interface IOptions {
    commands: CommandRegistry;
    model: VerificationModel;
    run: string;
    trans: TranslationBundle;
  }
}

/**
 * What came of it in a sentence.
 */
export function summary(result: Verified, trans: TranslationBundle): string {
  const count = (state: Verdict['state']) =>
    result.cells.filter(it => it.state === state).length;
  const differing = count('differs') + count('follows');
  if (differing) {
    return trans._n(
      'Verified: %1 cell of %2 differs.',
      'Verified: %1 cells of %2 differ.',
      differing,
      result.cells.length
    );
  }
  if (count('not verified')) {
    return trans.__(
      'Verified: %1 of %2 cells are identical; the others were not executed again.',
      count('identical'),
      result.cells.length
    );
  }
  return result.state === 'unknown'
    ? trans.__('Verified: nothing differs, but not all could be compared.')
    : trans.__('Verified: all %1 cells are identical.', result.cells.length);
}

/**
 * What is said of a cell: an icon, a word and a colour.
 */
function VerdictMark({
  state,
  trans
}: {
  state: Verdict['state'];
  trans: TranslationBundle;
}): JSX.Element {
  const marks: Record<Verdict['state'], [LabIcon, string, string]> = {
    identical: [stateIcons.done, 'done', trans.__('identical')],
    differs: [stateIcons.failed, 'failed', trans.__('differs')],
    follows: [upstreamIcon, 'failed', trans.__('follows an earlier cell')],
    unknown: [stateIcons.lost, 'cancelled', trans.__('cannot be compared')],
    'not verified': [stateIcons.skipped, 'skipped', trans.__('not verified')]
  };
  const [icon, colour, word] = marks[state];
  return (
    <span className="jp-DossierState" data-state={colour}>
      <span className="jp-DossierState-icon" aria-hidden="true">
        <icon.react tag={null} />
      </span>
      <span className="jp-DossierState-word">{word}</span>
    </span>
  );
}
