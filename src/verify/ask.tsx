import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

import { type IApiClient, numbered } from '../api';

/**
 * Ask whether a run is to be executed again, and whether cells that reach outside are, and begin.
 *
 * @returns whether it began
 */
export async function verifyRun(options: verifyRun.IOptions): Promise<boolean> {
  const { api, run, trans } = options;
  const { result } = await api.verification(run);
  const known = (result?.cells ?? []).filter(
    ({ state }) => state === 'not verified'
  );
  const { button, value } = await showDialog({
    title: trans.__('Verify this run?'),
    body: new VerifyForm(
      known.map(({ cause, index }) =>
        trans.__('Cell %1: %2', index + 1, numbered(cause ?? ''))
      ),
      trans
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Verify') })
    ],
    defaultButton: 1
  });
  if (!button.accept) {
    return false;
  }
  await api.verify(run, value ?? false);
  return true;
}

/**
 * A namespace for `verifyRun` statics.
 */
export namespace verifyRun {
  export interface IOptions {
    api: IApiClient;
    run: string;
    trans: TranslationBundle;
  }
}

/**
 * Says what verifying does; its value is whether cells that reach outside are executed as well.
 */
class VerifyForm extends ReactWidget implements Dialog.IBodyWidget<boolean> {
  constructor(
    private _outside: readonly string[],
    private _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-DossierVerifyForm');
  }

  getValue(): boolean {
    return this._isOutside;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    return (
      <>
        <p>
          {trans.__(
            'All its cells are executed again where they ran, in new worker kernels and in a copy of the notebook’s folder: once under the recorded conditions, and once with another hash seed and other thread counts.'
          )}
        </p>
        <label>
          <input
            type="checkbox"
            onChange={event => {
              this._isOutside = event.target.checked;
            }}
          />
          {trans.__(
            'Also execute cells that reach outside of that folder: network, submissions, files elsewhere'
          )}
        </label>
        {this._outside.length > 0 && (
          <ul aria-label={trans.__('Cells that reach outside')}>
            {this._outside.map(words => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        )}
      </>
    );
  }

  private _isOutside = false;
}
