import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IApiClient } from '../api';
import type { IRunManager } from '../run';
import { openInputs } from '../inputs/open';

/**
 * Load what a cell was given in a run into the kernel of the run's notebook, which is opened.
 */
export async function loadInputs(options: loadInputs.IOptions): Promise<void> {
  const { api, app, cell, manager, run, tracker, trans } = options;
  const { path } = await api.show(run);
  let panel: NotebookPanel | undefined = tracker.find(
    ({ context }) => context.localPath === path
  );
  panel ??= (await app.commands.execute('docmanager:open', { path })) as
    NotebookPanel | undefined;
  const notebook = panel?.content.model;
  if (!panel || !notebook) {
    throw new Error(trans.__('The notebook %1 cannot be opened.', path));
  }
  app.shell.activateById(panel.id);
  await panel.sessionContext.ready;
  const runs = manager.open(notebook);
  await openInputs({ api, cell, panel, path, run, runs, trans });
}

/**
 * A namespace for `loadInputs` statics.
 */
export namespace loadInputs {
  export interface IOptions {
    api: IApiClient;
    app: JupyterFrontEnd;
    cell: string;
    manager: IRunManager;
    run: string;
    tracker: INotebookTracker;
    trans: TranslationBundle;
  }
}
