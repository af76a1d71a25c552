import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IApiClient } from '../api';
import { IRunManager } from '../run';
import { ITroubles } from '../troubles';
import { DataflowManager } from './manager';
import { IDataflow } from './tokens';

/**
 * Provides the dataflow graphs of the open notebooks.
 */
export const dataflowPlugin: JupyterFrontEndPlugin<IDataflow> = {
  id: 'jupyterlab-dossier:dataflow',
  description:
    'Keeps the dataflow graphs of open notebooks, and which of their cells are stale.',
  autoStart: true,
  provides: IDataflow,
  requires: [IApiClient, IRunManager, ITroubles],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    api: IApiClient,
    runs: IRunManager,
    troubles: ITroubles,
    translator: ITranslator | null
  ) =>
    new DataflowManager({
      api,
      runs,
      trans: (translator ?? nullTranslator).load('jupyterlab_dossier'),
      troubles
    })
};
