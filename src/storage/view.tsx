import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IApiClient, Storage } from '../api';
import type { ITroubles } from '../troubles';
import { RunCommandIDs } from '../ui/commandids';
import { size } from '../ui/words';

/**
 * What runs take on the disk, and how much of it may stay.
 */
export class StorageView extends ReactWidget {
  constructor(private _options: StorageView.IOptions) {
    super();
    this.addClass('jp-DossierRuns-section');
    this.title.label = _options.trans.__('Storage');
  }

  /**
   * Ask the server.
   */
  refresh(): void {
    this._options.api.storage().then(
      storage => this._show(storage, null),
      error => this._show(null, error)
    );
  }

  protected render(): JSX.Element {
    const { commands, trans, troubles } = this._options;
    if (this._error) {
      return (
        <p className="jp-DossierRuns-note" role="alert">
          {troubles.words(this._error)}
        </p>
      );
    }
    if (!this._storage) {
      return (
        <p className="jp-DossierRuns-note" role="status">
          {trans.__('Measuring…')}
        </p>
      );
    }
    const { freed, ledger, limits, runs, store } = this._storage;
    return (
      <div className="jp-DossierStorage">
        <dl aria-label={trans.__('Storage')}>
          <dt>{trans.__('Values and outputs')}</dt>
          <dd>
            {trans.__('%1 of %2', size(store, trans), size(limits.size, trans))}
          </dd>
          <dt>{trans.__('Record of runs')}</dt>
          <dd>{size(ledger, trans)}</dd>
          <dt>{trans.__('Kept for')}</dt>
          <dd>{trans._n('%1 day', '%1 days', limits.days)}</dd>
          <dt>{trans.__('Cleaning frees')}</dt>
          <dd>
            {trans._n(
              '%2 (%1 run)',
              '%2 (%1 runs)',
              runs.length,
              size(freed, trans)
            )}
          </dd>
        </dl>
        <button
          className="jp-DossierRun-button"
          title={commands.caption(RunCommandIDs.cleanStorage)}
          onClick={() => {
            void commands.execute(RunCommandIDs.cleanStorage);
          }}
        >
          {trans.__('Clean…')}
        </button>
      </div>
    );
  }

  private _show(storage: Storage | null, error: unknown): void {
    if (!this.isDisposed) {
      this._storage = storage;
      this._error = error;
      this.update();
    }
  }

  private _error: unknown = null;
  private _storage: Storage | null = null;
}

/**
 * A namespace for `StorageView` statics.
 */
export namespace StorageView {
  export interface IOptions {
    api: IApiClient;
    commands: CommandRegistry;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}
