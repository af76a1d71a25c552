import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IApiClient } from '../api';
import { ITroubles } from '../troubles';
import { WorkflowCommandIDs } from '../ui/commandids';
import { TargetsModel } from './model';
import { ITargetsModel } from './tokens';
import { ToolbarTarget } from './toolbar';

/**
 * Provides the targets, and the dropdown in the notebook's toolbar.
 */
export const targetsPlugin: JupyterFrontEndPlugin<ITargetsModel> = {
  id: 'jupyterlab-dossier:targets',
  description: 'The targets that cells can run on.',
  autoStart: true,
  provides: ITargetsModel,
  requires: [IApiClient, ITroubles],
  optional: [IToolbarWidgetRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    api: IApiClient,
    troubles: ITroubles,
    toolbar: IToolbarWidgetRegistry | null,
    translator: ITranslator | null
  ) => {
    const targets = new TargetsModel({ api, troubles });
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    const { commands } = app;
    const actions = () =>
      RUNS.filter(id => commands.hasCommand(id) && commands.isEnabled(id)).map(
        id => ({
          label: commands.label(id),
          pick: () => void commands.execute(id)
        })
      );
    toolbar?.addFactory<NotebookPanel>(
      'Notebook',
      'dossier-target',
      panel =>
        new ToolbarTarget({ notebook: panel.content, actions, targets, trans })
    );
    return targets;
  }
};

/**
 * What runs some cells of the notebook; another plugin has these.
 */
const RUNS = [
  WorkflowCommandIDs.runStale,
  WorkflowCommandIDs.runNeeded,
  WorkflowCommandIDs.runDependents
];
