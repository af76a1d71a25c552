import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IRunManager } from '../run';
import { ITroubles } from '../troubles';
import type { Interrupter } from './interrupter';

const KILL = 'dossier:kill';

/**
 * Lets the kernel's interrupt reach cells that run elsewhere.
 */
export const interruptPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:interrupt',
  description: 'Interrupts and kills cells that run on targets.',
  autoStart: true,
  requires: [INotebookTracker, IRunManager, ITroubles],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    runs: IRunManager,
    troubles: ITroubles,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    let interrupter: Interrupter | null = null;
    const load = async () => {
      const { Interrupter } = await import('./interrupter');
      return (interrupter ??= new Interrupter({ runs, trans, troubles }));
    };
    const current = () => {
      const panel = tracker.currentWidget;
      return panel === shell.currentWidget
        ? (panel?.content.model ?? null)
        : null;
    };
    commands.addCommand(KILL, {
      label: trans.__('Kill the Cell That Runs on a Target…'),
      caption: trans.__(
        'End the worker kernel of the cell that runs on a target'
      ),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => {
        const notebook = current();
        return !!notebook && !!runs.find(notebook)?.running;
      },
      execute: async () => {
        const notebook = current();
        if (notebook) {
          await (await load()).kill(notebook);
        }
      }
    });
    palette?.addItem({ command: KILL, category: trans.__('Dossier') });
    // The kernel's interrupt is every cell's, by whatever button or key it is asked for.
    commands.commandExecuted.connect((_, { id }) => {
      const notebook = current();
      const opened = notebook && runs.find(notebook);
      if (
        id === 'notebook:interrupt-kernel' &&
        notebook &&
        opened?.canInterrupt
      ) {
        opened.interrupt().catch(error => troubles.report(error));
        load()
          .then(it => it.watch(notebook, opened))
          .catch(console.error);
      }
    });
  }
};
