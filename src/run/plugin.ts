import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { InputDialog, Notification } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import {
  INotebookCellExecutor,
  runCell as runInKernel
} from '@jupyterlab/notebook';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';

import { IApiClient } from '../api';
import { ICosts } from '../costs';
import { ITroubles } from '../troubles';
import { CellExecutor } from './executor';
import { AttachExtension } from './extension';
import { RunManager } from './manager';
import { IRunManager } from './tokens';

/**
 * Asks the user for what a cell's `input()` waits for.
 */
function asksInput(trans: TranslationBundle): RunManager.IOptions['askInput'] {
  return async ({ prompt, password }) => {
    const ask = password ? InputDialog.getPassword : InputDialog.getText;
    const { value, button } = await ask({
      title: trans.__('The cell asks for input'),
      label: prompt || trans.__('Input')
    });
    return button.accept ? (value ?? '') : null;
  };
}

/**
 * Provides the runs of the open notebooks.
 */
export const runsPlugin: JupyterFrontEndPlugin<IRunManager> = {
  id: 'jupyterlab-dossier:runs',
  description: 'Runs cells on targets, and keeps what is known of their runs.',
  autoStart: true,
  provides: IRunManager,
  requires: [IApiClient],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    api: IApiClient,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    return new RunManager({
      api,
      askInput: asksInput(trans),
      showLoading: load => {
        import('./loading')
          .then(({ showLoading }) => showLoading(load, trans))
          .catch(console.error);
      }
    });
  }
};

/**
 * Finds the runs of notebooks that are opened.
 */
export const attachPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:attach',
  description:
    'Shows what ran while no page was open, and what other pages run.',
  autoStart: true,
  requires: [IApiClient, IRunManager, ITroubles],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    api: IApiClient,
    runs: IRunManager,
    troubles: ITroubles,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    const { events } = app.serviceManager;
    app.docRegistry.addWidgetExtension(
      'Notebook',
      new AttachExtension({ api, events, runs, trans, troubles })
    );
  }
};

/**
 * Provides the cell executor; as the last one to register it takes the place of the stock one.
 */
export const executorPlugin: JupyterFrontEndPlugin<INotebookCellExecutor> = {
  id: 'jupyterlab-dossier:executor',
  description: 'Runs each cell of a notebook where its target says.',
  autoStart: true,
  provides: INotebookCellExecutor,
  requires: [ICosts, IRunManager, ITroubles],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    costs: ICosts,
    runs: IRunManager,
    troubles: ITroubles,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    const { serverSettings } = app.serviceManager;
    return new CellExecutor({
      localPath: path => app.serviceManager.contents.localPath(path),
      permit: (notebook, target) => costs.permit(notebook, target),
      runs,
      stock: isServerSide()
        ? async options => {
            const { carriesDossier } = await import('../notebook');
            if (carriesDossier(options.notebook)) {
              // Seen with jupyter-server-nbmodel 0.2.9: cells sent to it after our server has asked the
              // kernel for values stay queued; why is not known.
              sayKernelRuns(trans);
              return runInKernel(options);
            }
            const { ServerSideExecutor } = await import('./serverside');
            return new ServerSideExecutor({
              askInput: asksInput(trans),
              settings: serverSettings
            }).runCell(options);
          }
        : undefined,
      trans,
      troubles
    });
  }
};

let isSaid = false;

/**
 * Say, once, that server-side execution is not used here.
 */
function sayKernelRuns(trans: TranslationBundle): void {
  if (!isSaid) {
    isSaid = true;
    Notification.info(
      trans.__(
        'Server-side execution is not used in notebooks with targets: their kernel cells run through this page, and end with it.'
      ),
      { autoClose: false }
    );
  }
}

/**
 * Whether the kernel's cells are to be run by the server: jupyter-collaboration's option, or the
 * extension that is there for it.
 */
function isServerSide(): boolean {
  return (
    PageConfig.getOption('serverSideExecution') === 'true' ||
    PageConfig.getOption('federated_extensions').includes(
      '@datalayer/jupyter-server-nbmodel'
    )
  );
}
