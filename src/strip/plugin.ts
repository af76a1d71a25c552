import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IDataflow } from '../dataflow';
import { IRunManager } from '../run';
import { IDossierSettings } from '../settings';
import { ITargetsModel } from '../targets';
import { StripExtension } from './extension';

/**
 * Adds the strips to notebooks.
 */
export const stripPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:strip',
  description: 'Shows the target and the state of cells that have a target.',
  autoStart: true,
  requires: [IDataflow, IRunManager, IDossierSettings, ITargetsModel],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    dataflow: IDataflow,
    runs: IRunManager,
    settings: IDossierSettings,
    targets: ITargetsModel,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    app.docRegistry.addWidgetExtension(
      'Notebook',
      new StripExtension({ dataflow, runs, settings, targets, trans })
    );
  }
};
