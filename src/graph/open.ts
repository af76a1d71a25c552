import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IApiClient } from '../api';
import type { IDataflow } from '../dataflow';
import { companionProperty, showCell } from '../notebook';
import type { IRunManager } from '../run';
import type { ITroubles } from '../troubles';
import { WorkflowCommandIDs } from '../ui/commandids';
import type { ItemFacts } from './facts';
import { graphIcon } from './icon';
import { GraphCommandIDs } from './ids';
import { Layouter } from './layouter';
import { NotebookGraph } from './notebookgraph';
import { GraphScene } from './scene';
import { GraphView, newGraphWidget } from './view';
import { newLayoutWorker } from './worker';

/**
 * Make the graph of a notebook.
 */
export function openGraph(
  panel: NotebookPanel,
  options: openGraph.IOptions
): MainAreaWidget<GraphView> {
  const { app, trans, views } = options;
  const { commands, shell } = app;
  const layouter = new Layouter(newLayoutWorker, trans);
  const model = new NotebookGraph({ ...options, panel });
  const view = new GraphView({
    ...options,
    commands,
    actions: actions(panel, options),
    scene: new GraphScene({ model, layOut: input => layouter.layOut(input) }),
    onOpen: cell => {
      shell.activateById(panel.id);
      showCell(panel, cell);
    }
  });
  const widget = newGraphWidget(view, commands, trans);
  companionProperty.set(widget, panel);
  widget.title.icon = graphIcon;
  const name = () => {
    widget.title.label = trans.__('Graph of %1', panel.title.label);
    widget.title.caption = panel.context.path;
  };
  name();
  panel.title.changed.connect(name);
  const { pathChanged } = panel.context;
  const save = () => void views.save(widget);
  pathChanged.connect(save);
  widget.disposed.connect(() => {
    layouter.dispose();
    panel.title.changed.disconnect(name);
    pathChanged.disconnect(save);
  });
  panel.disposed.connect(() => widget.dispose());
  return widget;
}

/**
 * What can be done with a cell of the graph.
 */
function actions(
  { content }: NotebookPanel,
  { runs, trans }: openGraph.IOptions
): ItemFacts.IAction[] {
  const noArgs = () => ({});
  const hasFailed = (cell: string) => {
    const states = content.model && runs.find(content.model)?.states;
    return ['failed', 'lost', 'cancelled'].includes(
      states?.get(cell)?.state ?? ''
    );
  };
  return [
    {
      command: WorkflowCommandIDs.runNeeded,
      label: cell =>
        hasFailed(cell) ? trans.__('Retry') : trans.__('Run with needs'),
      args: noArgs
    },
    {
      command: WorkflowCommandIDs.runDependents,
      label: () => trans.__('Run with dependents'),
      args: noArgs
    },
    {
      command: WorkflowCommandIDs.setTarget,
      label: () => trans.__('Set target…'),
      args: noArgs
    },
    {
      command: WorkflowCommandIDs.cancel,
      label: () => trans.__('Cancel'),
      args: noArgs
    },
    {
      command: GraphCommandIDs.openRun,
      label: () => trans.__('Open log'),
      args: cell => ({ cell })
    }
  ];
}

/**
 * A namespace for `openGraph` statics.
 */
export namespace openGraph {
  export interface IOptions {
    api: IApiClient;
    app: JupyterFrontEnd;
    dataflow: IDataflow;
    runs: IRunManager;
    trans: TranslationBundle;
    troubles: ITroubles;
    views: WidgetTracker<MainAreaWidget<GraphView>>;
  }
}
