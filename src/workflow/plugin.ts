import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ICosts } from '../costs';
import { IDataflow } from '../dataflow';
import { IRunManager } from '../run';
import { IDossierSettings } from '../settings';
import { ITargetsModel } from '../targets';
import { ITroubles } from '../troubles';
import { WorkflowCommandIDs } from '../ui/commandids';
import { addWorkflowCommands } from './commands';
import { Current } from './current';
import { addTargetCommands } from './targetcommands';

/**
 * Adds the commands; its settings schema puts them into menus and toolbars.
 */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:plugin',
  description:
    'Commands to choose targets and to run a notebook as a workflow.',
  autoStart: true,
  requires: [
    ICosts,
    IDataflow,
    INotebookTracker,
    IRunManager,
    IDossierSettings,
    ITargetsModel,
    ITroubles
  ],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    costs: ICosts,
    dataflow: IDataflow,
    tracker: INotebookTracker,
    runs: IRunManager,
    settings: IDossierSettings,
    targets: ITargetsModel,
    troubles: ITroubles,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    const { commands, shell } = app;
    const current = new Current({ runs, shell, tracker });
    addTargetCommands({ commands, current, runs, targets, trans, troubles });
    addWorkflowCommands({
      commands,
      costs,
      current,
      dataflow,
      runs,
      settings,
      trans,
      troubles
    });
    const category = trans.__('Dossier');
    for (const command of Object.values(WorkflowCommandIDs)) {
      palette?.addItem({ command, category });
    }
  }
};
