import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IApiClient } from '../api';
import { IRunManager } from '../run';
import { ITroubles } from '../troubles';
import { CellOffers } from './offers';

const OPEN_INPUTS = 'dossier:open-inputs';

/**
 * Brings what a failed cell was given into the notebook's kernel.
 */
export const inputsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:inputs',
  description:
    'Opens the inputs of cells that failed on targets in the kernel.',
  autoStart: true,
  requires: [IApiClient, INotebookTracker, IRunManager, ITroubles],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    api: IApiClient,
    tracker: INotebookTracker,
    manager: IRunManager,
    troubles: ITroubles,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    const label = trans.__('Open These Inputs in My Kernel');
    const caption = trans.__(
      'Load the variables that the failed cell was given into the kernel, under their names'
    );
    const failed = () => {
      const panel = tracker.currentWidget;
      const cell = panel === shell.currentWidget ? tracker.activeCell : null;
      const notebook = panel?.content.model;
      const runs = notebook && manager.find(notebook);
      const state = cell && runs?.states.get(cell.model.id);
      return state?.state === 'failed' && state.run
        ? { panel: panel!, runs: runs!, cell: cell!.model.id, run: state.run }
        : null;
    };
    const open = async (it: NonNullable<ReturnType<typeof failed>>) => {
      try {
        const { openInputs } = await import('./open');
        await openInputs({
          ...it,
          api,
          path: app.serviceManager.contents.localPath(it.panel.context.path),
          trans
        });
      } catch (error) {
        troubles.report(error);
      }
    };
    commands.addCommand(OPEN_INPUTS, {
      label,
      caption,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => failed() !== null,
      execute: async () => {
        const it = failed();
        if (it) {
          await open(it);
        }
      }
    });
    palette?.addItem({ command: OPEN_INPUTS, category: trans.__('Dossier') });
    manager.opened.connect((_, { notebook, runs }) => {
      new CellOffers(runs.states, (cell, run) => ({
        label: trans.__('Open inputs'),
        caption,
        execute: () => {
          const panel = tracker.find(it => it.content.model === notebook);
          if (panel) {
            void open({ panel, runs, cell, run });
          }
        }
      }));
    });
  }
};
