import type { JupyterFrontEnd } from '@jupyterlab/application';
import { isCodeCellModel } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICosts } from '../costs';
import { workflowIcon } from '../icons';
import { getTarget, KERNEL, setDefaultTarget } from '../notebook';
import type { IRunManager } from '../run';
import type { IDossierSettings } from '../settings';
import { askTarget, type ITargetsModel, setSelectedTargets } from '../targets';
import type { ITroubles } from '../troubles';

/**
 * The ids of the commands.
 */
export namespace CommandIDs {
  export const setTarget = 'dossier:set-target';
  export const setDefaultTarget = 'dossier:set-default-target';
  export const runWorkflow = 'dossier:run-workflow';
  export const cancel = 'dossier:cancel';
}

/**
 * Add the commands.
 */
export function addCommands(options: addCommands.IOptions): void {
  const { app, costs, runs, settings, targets, tracker, trans, troubles } =
    options;
  const { commands, shell } = app;

  const currentPanel = (): NotebookPanel | null => {
    const panel = tracker.currentWidget;
    return panel && panel === shell.currentWidget ? panel : null;
  };
  const currentRuns = () => {
    const model = currentPanel()?.content.model;
    return model ? runs.find(model) : null;
  };
  const targetArgs = {
    type: 'object' as const,
    properties: {
      target: {
        type: ['string', 'null'],
        description: trans.__(
          'The name of the target, null for the default; a dialog asks where it is not given'
        )
      }
    }
  };

  commands.addCommand(CommandIDs.setTarget, {
    label: trans.__('Set Target of Cells…'),
    caption: trans.__('Choose where the selected cells run'),
    describedBy: { args: targetArgs },
    isEnabled: () => {
      const cell = tracker.activeCell;
      return !!currentPanel() && !!cell && isCodeCellModel(cell.model);
    },
    execute: async args => {
      const panel = currentPanel();
      const cell = panel?.content.activeCell;
      const model = panel?.content.model;
      if (!panel || !cell || !model) {
        return;
      }
      const target =
        args.target === undefined
          ? await askTarget({
              targets,
              trans,
              current: getTarget(cell.model),
              title: trans.__('Where do the selected cells run?'),
              none: trans.__('default (%1)', getTarget(model) ?? KERNEL)
            })
          : (args.target as string | null);
      if (target !== undefined) {
        setSelectedTargets(panel.content, target);
      }
    }
  });

  commands.addCommand(CommandIDs.setDefaultTarget, {
    label: trans.__('Set Default Target of Notebook…'),
    caption: trans.__('Choose where the cells run that name no target'),
    describedBy: { args: targetArgs },
    isEnabled: () => !!currentPanel(),
    execute: async args => {
      const model = currentPanel()?.content.model;
      if (!model) {
        return;
      }
      const target =
        args.target === undefined
          ? await askTarget({
              targets,
              trans,
              current: getTarget(model),
              title: trans.__('Where do cells run that name no target?'),
              none: trans.__('none (%1)', KERNEL)
            })
          : (args.target as string | null);
      if (target !== undefined) {
        setDefaultTarget(model, target);
      }
    }
  });

  commands.addCommand(CommandIDs.runWorkflow, {
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
      await runWorkflow(panel, { costs, runs, settings, trans, troubles });
    }
  });

  commands.addCommand(CommandIDs.cancel, {
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
    runs: IRunManager;
    settings: IDossierSettings;
    targets: ITargetsModel;
    tracker: INotebookTracker;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}
