import { HTMLSelect, ReactWidget, SidePanel } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { StorageView } from '../storage';
import { RunCommandIDs } from '../ui/commandids';
import { SearchBox } from '../ui/searchbox';
import { toolbarButton } from '../ui/toolbar';
import { RunList } from './list';
import type { IRunsPanelOptions } from './options';
import { TargetList } from './targetlist';

/**
 * The side panel: targets and their state, and runs.
 */
export class RunsPanel extends SidePanel {
  constructor(private _options: IRunsPanelOptions) {
    super({ translator: _options.translator });
    this.addClass('jp-DossierRuns');
    const { commands } = _options;
    this.header.addWidget(new RunsHeader(_options));
    this.toolbar.addItem(
      'refresh',
      toolbarButton(commands, RunCommandIDs.refreshRuns, '')
    );
    this.addWidget((this._runs = new RunList(_options)));
    this.addWidget(new TargetList(_options));
    this._storage = new StorageView(_options);
    this.addWidget(this._storage);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.model.dispose();
    super.dispose();
  }

  /**
   * Ask the server for what is shown.
   */
  refresh(): void {
    this._options.targets.refresh().catch(console.error);
    this._options.model.refresh().catch(console.error);
    this._storage.refresh();
  }

  get hasOlderRuns(): boolean {
    return this._options.model.hasOlder;
  }

  /**
   * Show a page of older runs, and go to the first of them.
   */
  async showOlderRuns(): Promise<void> {
    await this._runs.showOlder();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.refresh();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this.refresh();
    }
  }

  private _runs: RunList;
  private _storage: StorageView;
}

/**
 * What is looked for among the runs.
 */
class RunsHeader extends ReactWidget {
  constructor(private _options: IRunsPanelOptions) {
    super();
    this.addClass('jp-DossierRuns-header');
    _options.model.changed.connect(this.update, this);
    _options.tracker.currentChanged.connect(this._onNotebook, this);
  }

  override dispose(): void {
    this._options.tracker.currentChanged.disconnect(this._onNotebook, this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { model, trans } = this._options;
    return (
      <>
        <SearchBox
          label={trans.__('Filter runs by name, state or id')}
          placeholder={trans.__('Filter runs')}
          query={model.query}
          onQuery={words => {
            model.query = words;
          }}
        />
        <HTMLSelect
          aria-label={trans.__('Runs of')}
          value={this._isOfNotebook ? 'notebook' : 'all'}
          onChange={event => {
            this._isOfNotebook = event.target.value === 'notebook';
            this._onNotebook();
            this.update();
          }}
          options={[
            { value: 'all', label: trans.__('All notebooks') },
            { value: 'notebook', label: trans.__('This notebook') }
          ]}
        />
      </>
    );
  }

  private _onNotebook(): void {
    const { model, tracker } = this._options;
    const path = tracker.currentWidget?.context.localPath ?? null;
    model.path = this._isOfNotebook ? path : null;
  }

  private _isOfNotebook = false;
}
