import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  type MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { IApiClient } from '../api';
import { IDataflow } from '../dataflow';
import { companionProperty } from '../notebook/companion';
import { IRunManager } from '../run';
import { ITroubles } from '../troubles';
import { WorkflowCommandIDs } from '../ui/commandids';
import { addGraphCommands } from './commands';
import { GraphCommandIDs } from './ids';
import type { GraphView } from './view';

/**
 * The graph of a notebook, beside it.
 */
export const graphPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:graph',
  description: 'Shows notebooks as living dataflow graphs.',
  autoStart: true,
  requires: [IApiClient, IDataflow, INotebookTracker, IRunManager, ITroubles],
  optional: [ICommandPalette, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    api: IApiClient,
    dataflow: IDataflow,
    tracker: INotebookTracker,
    runs: IRunManager,
    troubles: ITroubles,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    const views = new WidgetTracker<MainAreaWidget<GraphView>>({
      namespace: 'dossier-graphs'
    });
    addGraphCommands({
      api,
      app,
      dataflow,
      runs,
      tracker,
      trans,
      troubles,
      views
    });
    void restorer?.restore(views, {
      command: GraphCommandIDs.show,
      args: view => ({ path: pathOf(view) }),
      name: view => `dossier-graph-${pathOf(view)}`,
      when: tracker.restored
    });
    const category = trans.__('Dossier');
    for (const command of Object.values(GraphCommandIDs)) {
      palette?.addItem({ command, category });
    }
    app.contextMenu.addItem({
      type: 'separator',
      selector: '.jp-DossierGraph-item',
      rank: 0
    });
    [
      WorkflowCommandIDs.runNeeded,
      WorkflowCommandIDs.runDependents,
      WorkflowCommandIDs.setTarget,
      WorkflowCommandIDs.setOptions,
      WorkflowCommandIDs.cancel,
      GraphCommandIDs.openRun
    ].forEach((command, rank) => {
      app.contextMenu.addItem({
        command,
        selector: '.jp-DossierGraph-item',
        rank: rank + 1
      });
    });
  }
};

/**
 * The path of the notebook that a graph is of.
 */
function pathOf(view: Widget): string {
  return companionProperty.get(view)?.context.path ?? '';
}
