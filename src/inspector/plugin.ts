import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTools } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IRunManager } from '../run';
import { ITargetsModel } from '../targets';
import { DossierTool } from './tool';

/**
 * Adds the tool to the property inspector of notebooks.
 */
export const inspectorPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:inspector',
  description:
    'Shows target, options and state of the active cell in the property inspector.',
  autoStart: true,
  requires: [INotebookTools, IRunManager, ITargetsModel],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    tools: INotebookTools,
    runs: IRunManager,
    targets: ITargetsModel,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    const section = 'dossier';
    tools.addSection({ sectionName: section, label: trans.__('Dossier') });
    tools.addItem({ section, tool: new DossierTool({ runs, targets, trans }) });
  }
};
