import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type Cell, isCodeCellModel } from '@jupyterlab/cells';
import {
  type INotebookTracker,
  NotebookActions,
  type NotebookPanel
} from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICosts } from '../costs';
import type { IDataflow } from '../dataflow';
import {
  companionProperty,
  KERNEL,
  setCellTargets,
  setDefaultTarget
} from '../notebook';
import type { IRunManager } from '../run';
import type { IDossierSettings } from '../settings';
import {
  type ITargetsModel,
  selectedCodeCells,
  TargetChooser
} from '../targets';
import type { ITroubles } from '../troubles';
import { RunCommandIDs, WorkflowCommandIDs } from '../ui/commandids';
import { targetIcon, workflowIcon } from '../ui/icons';
import type { WhichCells } from './some';

/**
 * Add the commands.
 */
export function addCommands(options: addCommands.IOptions): void {
  const { app, costs, dataflow, runs, settings, targets } = options;
  const { tracker, trans, troubles } = options;
  const { commands, shell } = app;

  const openRun = (run: string) => {
    void commands.execute(RunCommandIDs.openRun, { run });
  };
  const currentPanel = (): NotebookPanel | null => {
    const { currentWidget } = shell;
    const panel = tracker.currentWidget;
    return panel && panel === currentWidget
      ? panel
      : currentWidget && companionProperty.get(currentWidget);
  };
  const currentRuns = () => {
    const model = currentPanel()?.content.model;
    return model ? runs.find(model) : null;
  };
  const activeCell = () => {
    const cell = currentPanel()?.content.activeCell;
    return cell && isCodeCellModel(cell.model) ? cell : null;
  };
  const asking = (): HTMLElement | null => {
    const widget = shell.currentWidget;
    const asked = document.activeElement?.closest('button') ?? null;
    return widget && companionProperty.get(widget)
      ? (asked ?? widget.node)
      : null;
  };
  // A menu stands where it was asked for outside of the notebook, else at the cell's strip, else at its input.
  const anchorIn = (cell: Cell): HTMLElement =>
    asking() ??
    cell.node.querySelector<HTMLElement>('.jp-DossierTargetButton') ??
    cell.inputArea?.node ??
    cell.node;
  const chooser = new TargetChooser({ targets, trans });
  const targetArgs = {
    type: 'object' as const,
    properties: {
      target: {
        type: ['string', 'null'],
        description: trans.__(
          'The name of the target, null for the default; a menu asks where it is not given'
        )
      }
    }
  };

  commands.addCommand(WorkflowCommandIDs.setTarget, {
    label: trans.__('Set Target…'),
    caption: trans.__('Choose where the selected cells run'),
    icon: targetIcon,
    describedBy: { args: targetArgs },
    isEnabled: () => activeCell() !== null,
    execute: async args => {
      const cell = activeCell();
      const notebook = currentPanel()?.content;
      if (!cell || !notebook?.model) {
        return;
      }
      const cells = selectedCodeCells(notebook);
      if (args.target === undefined) {
        await chooser.chooseForCells(notebook, cells, anchorIn(cell));
      } else {
        const target = args.target as string | null;
        setCellTargets(notebook.model, cells, target);
      }
    }
  });

  commands.addCommand(WorkflowCommandIDs.setOptions, {
    label: trans.__('Set Options of Target…'),
    caption: trans.__('Change what the selected cells ask of their target'),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => {
      const notebook = currentPanel()?.content;
      return !!notebook && !!chooser.schemaOf(selectedCodeCells(notebook));
    },
    execute: async () => {
      const notebook = currentPanel()?.content;
      if (notebook) {
        await chooser.editOptions(notebook, selectedCodeCells(notebook));
      }
    }
  });

  const targetOfAll = (): string | null => {
    const notebook = currentPanel()?.content;
    return (
      (notebook?.model &&
        chooser.targetWithOptions(notebook, selectedCodeCells(notebook))) ??
      null
    );
  };
  commands.addCommand(WorkflowCommandIDs.setNotebookOptions, {
    label: trans.__('Set Options of Target for Notebook…'),
    caption: trans.__(
      'Change what all cells of the notebook ask of a target, unless they say otherwise'
    ),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          target: {
            type: 'string',
            description: trans.__(
              'The name of the target; that of the selected cells where it is not given'
            )
          }
        }
      }
    },
    isEnabled: args => !!currentPanel() && (!!args.target || !!targetOfAll()),
    execute: async args => {
      const notebook = currentPanel()?.content;
      const target = (args.target as string | undefined) ?? targetOfAll();
      if (notebook && target) {
        await chooser.editNotebookOptions(notebook, target);
      }
    }
  });

  commands.addCommand(WorkflowCommandIDs.setDefaultTarget, {
    label: trans.__('Set Default Target of Notebook…'),
    caption: trans.__('Choose where the cells run that name no target'),
    describedBy: { args: targetArgs },
    isEnabled: () => !!currentPanel(),
    execute: async args => {
      const panel = currentPanel();
      if (!panel?.content.model) {
        return;
      }
      if (args.target === undefined) {
        await chooser.chooseDefault(panel.content, panel.toolbar.node);
      } else {
        setDefaultTarget(panel.content.model, args.target as string | null);
      }
    }
  });

  /**
   * Run the active cell on a target, whatever it names.
   */
  const runOnce = async (
    { content, sessionContext }: NotebookPanel,
    target: string
  ): Promise<void> => {
    const cell = content.activeCell;
    if (cell && content.model) {
      const { id } = cell.model;
      const { once } = runs.open(content.model);
      once.set(id, target);
      content.deselectAll();
      content.activate();
      try {
        await NotebookActions.run(content, sessionContext);
      } finally {
        once.delete(id);
      }
    }
  };

  commands.addCommand(WorkflowCommandIDs.runInKernel, {
    label: trans.__('Run in Kernel Once'),
    caption: trans.__(
      'Run the active cell in the notebook’s kernel, whatever its target'
    ),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => activeCell() !== null,
    execute: async () => {
      const panel = currentPanel();
      if (panel) {
        await runOnce(panel, KERNEL);
      }
    }
  });

  commands.addCommand(WorkflowCommandIDs.runOnce, {
    label: trans.__('Run Once On…'),
    caption: trans.__('Run the active cell on a target, whatever it names'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          target: {
            type: 'string',
            description: trans.__(
              'The name of the target; a menu asks where it is not given'
            )
          }
        }
      }
    },
    isEnabled: () => activeCell() !== null,
    execute: async args => {
      const cell = activeCell();
      const panel = currentPanel();
      if (!cell || !panel) {
        return;
      }
      const run = (target: string) =>
        runOnce(panel, target).catch(error => void troubles.report(error));
      if (typeof args.target === 'string') {
        await run(args.target);
      } else {
        await chooser.choose(
          panel.content,
          anchorIn(cell),
          trans.__('Run once on'),
          run
        );
      }
    }
  });

  commands.addCommand(WorkflowCommandIDs.runWorkflow, {
    label: trans.__('Run as Workflow'),
    caption: trans.__(
      'Run as workflow: the whole notebook from a clean state, each cell on its target, in parallel where possible'
    ),
    icon: workflowIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => !!currentPanel() && !currentRuns()?.workflow,
    execute: async () => {
      const panel = currentPanel();
      if (!panel) {
        return;
      }
      const { runWorkflow } = await import('./workflow');
      await runWorkflow(panel, {
        costs,
        openRun,
        runs,
        settings,
        trans,
        troubles
      });
    }
  });

  /**
   * Run some cells of the current notebook with what they need.
   */
  const runSome = async (which: WhichCells): Promise<void> => {
    const panel = currentPanel();
    if (panel) {
      const { runSome: run } = await import('./some');
      const more = { costs, openRun, runs, settings, trans, troubles };
      await run(panel, which, { dataflow, ...more });
    }
  };
  const canRunSome = () => activeCell() !== null && !currentRuns()?.workflow;

  commands.addCommand(WorkflowCommandIDs.runStale, {
    label: trans.__('Run Stale Cells'),
    caption: trans.__(
      'Run the cells that were edited or never ran and those that depend on them, as a workflow'
    ),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => !!currentPanel() && !currentRuns()?.workflow,
    execute: () => runSome('stale')
  });

  commands.addCommand(WorkflowCommandIDs.runNeeded, {
    label: trans.__('Run This and What It Needs'),
    caption: trans.__(
      'Run the selected cells and the cells that they need, as a workflow'
    ),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: canRunSome,
    execute: () => runSome('needed')
  });

  commands.addCommand(WorkflowCommandIDs.runDependents, {
    label: trans.__('Run This and What Depends on It'),
    caption: trans.__(
      'Run the selected cells and the cells that depend on them, with what those need, as a workflow'
    ),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: canRunSome,
    execute: () => runSome('dependents')
  });

  commands.addCommand(WorkflowCommandIDs.cancel, {
    label: trans.__('Cancel Run'),
    caption: trans.__(
      'Cancel the workflow run of this notebook, or the cell that runs on a target'
    ),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => !!currentRuns()?.isRunning,
    execute: async () => {
      try {
        await currentRuns()?.cancel();
      } catch (error) {
        troubles.report(error);
      }
    }
  });
}

/**
 * A namespace for `addCommands` statics.
 */
export namespace addCommands {
  export interface IOptions {
    app: JupyterFrontEnd;
    costs: ICosts;
    dataflow: IDataflow;
    runs: IRunManager;
    settings: IDossierSettings;
    targets: ITargetsModel;
    tracker: INotebookTracker;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}
