import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IRunManager } from '../run';
import { IDossierSettings } from '../settings';
import { RunCommandIDs } from '../ui/commandids';

/**
 * Tells the end of long runs.
 */
export const notifyPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:notify',
  description: 'Tells the end of cells and workflows that ran for long.',
  autoStart: true,
  requires: [INotebookTracker, IRunManager, IDossierSettings],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    manager: IRunManager,
    settings: IDossierSettings,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    manager.opened.connect((_, { notebook, runs }) => {
      import('./longruns').then(({ LongRuns }) => {
        new LongRuns({
          notebook,
          openRun: run => {
            void app.commands.execute(RunCommandIDs.openRun, { run });
          },
          panel: () =>
            tracker.find(panel => panel.content.model === notebook) ?? null,
          runs,
          settings,
          trans
        });
      }, console.error);
    });
  }
};
