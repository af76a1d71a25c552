import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Menu } from '@lumino/widgets';

import { companionProperty, notebookId } from '../notebook';
import { RunCommandIDs } from '../ui/commandids';
import { MainViews } from '../ui/mainviews';
import { graphIcon } from './icon';
import { GraphCommandIDs } from './ids';
import type { openGraph } from './open';
import type { GraphView } from './view';

/**
 * Add the commands of the graph.
 */
export function addGraphCommands(options: addGraphCommands.IOptions): void {
  const { api, app, runs, tracker, trans, troubles, views } = options;
  const { commands, shell } = app;
  const graphs = new MainViews({ app, trans, views });
  const noArgs = { args: { type: 'object' as const, properties: {} } };

  const current = (): GraphView | null => {
    const view = views.currentWidget;
    return view && view === shell.currentWidget ? view.content : null;
  };
  const notebook = (path: unknown): NotebookPanel | null => {
    if (typeof path === 'string') {
      return tracker.find(({ context }) => context.path === path) ?? null;
    }
    const panel = tracker.currentWidget;
    return panel && panel === shell.currentWidget ? panel : null;
  };

  commands.addCommand(GraphCommandIDs.show, {
    label: trans.__('Show Graph'),
    caption: trans.__(
      'Show the graph of the notebook: what its cells need of each other, and how they run'
    ),
    icon: graphIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: {
            type: 'string',
            description: trans.__(
              'The path of an open notebook; the current one if not given'
            )
          }
        }
      }
    },
    isEnabled: ({ path }) => notebook(path) !== null,
    execute: async ({ path }) => {
      const panel = notebook(path);
      return (
        panel &&
        graphs.open(
          VIEW_ID + panel.id,
          async () => {
            const { openGraph } = await import('./open');
            return openGraph(panel, options);
          },
          { mode: 'split-right', ref: panel.id }
        )
      );
    }
  });

  const add = (
    id: string,
    label: string,
    caption: string,
    execute: (view: GraphView) => unknown,
    isToggled?: (view: GraphView) => boolean
  ) => {
    commands.addCommand(id, {
      label,
      caption,
      describedBy: noArgs,
      isEnabled: () => views.currentWidget !== null,
      isToggleable: !!isToggled,
      isToggled: () => {
        const view = views.currentWidget?.content;
        return !!view && !!isToggled?.(view);
      },
      execute: async () => {
        const view = current() ?? views.currentWidget?.content;
        if (view) {
          await execute(view);
          commands.notifyCommandChanged(id);
        }
      }
    });
  };
  add(
    GraphCommandIDs.fit,
    trans.__('Fit Graph'),
    trans.__('Show all of the graph (0)'),
    ({ drawing }) => drawing.fitAll()
  );
  add(
    GraphCommandIDs.zoomIn,
    trans.__('Zoom In'),
    trans.__('Make the graph larger (+)'),
    ({ drawing }) => drawing.zoomBy(1.25)
  );
  add(
    GraphCommandIDs.zoomOut,
    trans.__('Zoom Out'),
    trans.__('Make the graph smaller (-)'),
    ({ drawing }) => drawing.zoomBy(0.8)
  );
  add(
    GraphCommandIDs.critical,
    trans.__('Critical Path'),
    trans.__(
      'Mark the chain of cells that took longest: no number of workers makes a run shorter'
    ),
    ({ scene }) => {
      scene.showsCritical = !scene.showsCritical;
    },
    ({ scene }) => scene.showsCritical
  );
  add(
    GraphCommandIDs.table,
    trans.__('Table'),
    trans.__('Show the graph as a table'),
    view => {
      view.isTable = !view.isTable;
    },
    ({ isTable }) => isTable
  );

  const foldOf = (fold: unknown) =>
    views.currentWidget?.content.scene.folds.find(({ id }) => id === fold);
  commands.addCommand(GraphCommandIDs.fold, {
    label: ({ fold }) => {
      const found = foldOf(fold);
      return found
        ? views.currentWidget!.content.labelOf(found)
        : fold === NOTHING
          ? trans.__('Nothing can be folded')
          : trans.__('Fold…');
    },
    caption: trans.__('Draw set-up cells, sections or equal cells as one'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          fold: {
            type: 'string',
            description: trans.__(
              'What to fold, or to unfold; a menu asks where it is not given'
            )
          }
        }
      }
    },
    isEnabled: ({ fold }) => !!views.currentWidget && fold !== NOTHING,
    isToggled: ({ fold }) => {
      const found = foldOf(fold);
      return !!found && !!views.currentWidget?.content.scene.isFolded(found);
    },
    execute: async ({ fold }) => {
      const view = views.currentWidget;
      if (!view) {
        return;
      }
      const { scene } = view.content;
      const found = foldOf(fold);
      if (found) {
        await scene.toggle(found);
        return;
      }
      const menu = new Menu({ commands });
      menu.title.label = trans.__('Fold');
      for (const { id } of scene.folds) {
        menu.addItem({ command: GraphCommandIDs.fold, args: { fold: id } });
      }
      if (scene.folds.length === 0) {
        const args = { fold: NOTHING };
        menu.addItem({ command: GraphCommandIDs.fold, args });
      }
      const at = (
        document.activeElement?.closest('.jp-Toolbar-item') ?? view.toolbar.node
      ).getBoundingClientRect();
      menu.aboutToClose.connect(() =>
        requestAnimationFrame(() => menu.dispose())
      );
      menu.open(at.left, at.bottom);
    }
  });
  const chosen = (
    cell: unknown
  ): { panel: NotebookPanel; cell: string } | null => {
    const widget = shell.currentWidget;
    const panel = widget && companionProperty.get(widget);
    const id = cell ?? current()?.scene.model.selected;
    return panel && typeof id === 'string' ? { panel, cell: id } : null;
  };
  commands.addCommand(GraphCommandIDs.openRun, {
    label: trans.__('Open Log of Last Run'),
    caption: trans.__('Show the last run of the cell, and what it said'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          cell: {
            type: 'string',
            description: trans.__(
              'The id of the cell; the chosen one if not given'
            )
          }
        }
      }
    },
    isEnabled: ({ cell }) => chosen(cell) !== null,
    execute: async ({ cell }) => {
      const found = chosen(cell);
      const model = found?.panel.content.model;
      if (!found || !model) {
        return;
      }
      try {
        let run = runs.find(model)?.states.get(found.cell)?.run;
        if (!run) {
          const { tasks } = await api.notebook(
            found.panel.context.localPath,
            notebookId(model)
          );
          run = tasks.find(task => task.cell === found.cell)?.run;
        }
        if (!run) {
          troubles.report(
            new Error(trans.__('The ledger has no run of this cell.'))
          );
          return;
        }
        await commands.execute(RunCommandIDs.openRun, {
          run,
          cell: found.cell
        });
      } catch (error) {
        troubles.report(error);
      }
    }
  });
}

/**
 * What the ids of the views of graphs begin with; that of the notebook's panel follows.
 */
const VIEW_ID = 'dossier-graph-';

/**
 * The entry of a menu that has none.
 */
const NOTHING = '';

/**
 * A namespace for `addGraphCommands` statics.
 */
export namespace addGraphCommands {
  export interface IOptions extends openGraph.IOptions {
    tracker: INotebookTracker;
  }
}
