import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { ICosts } from '../costs';
import type { IDataflow } from '../dataflow';
import type { IRunManager } from '../run';
import type { IDossierSettings } from '../settings';
import type { ITroubles } from '../troubles';
import { RunCommandIDs, WorkflowCommandIDs } from '../ui/commandids';
import { workflowIcon } from '../ui/icons';
import type { Current } from './current';
import type { WhichCells } from './some';

/**
 * Add the commands that run a notebook, or some cells of it, as a workflow.
 */
export function addWorkflowCommands(
  options: addWorkflowCommands.IOptions
): void {
  const { commands, current, dataflow, ...more } = options;
  const { trans, troubles } = options;
  const openRun = (run: string) => {
    void commands.execute(RunCommandIDs.openRun, { run });
  };

  commands.addCommand(WorkflowCommandIDs.runWorkflow, {
    label: trans.__('Run as Workflow'),
    caption: trans.__(
      'Run as workflow: the whole notebook from a clean state, each cell on its target, in parallel where possible'
    ),
    icon: workflowIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => !!current.panel && !current.runs?.workflow,
    execute: async () => {
      const panel = current.panel;
      if (!panel) {
        return;
      }
      const { runWorkflow } = await import('./workflow');
      await runWorkflow(panel, { ...more, openRun });
    }
  });

  /**
   * Run some cells of the notebook with what they need.
   */
  const runSome = async (which: WhichCells): Promise<void> => {
    const panel = current.panel;
    if (panel) {
      const { runSome: run } = await import('./some');
      await run(panel, which, { ...more, dataflow, openRun });
    }
  };
  const canRunSome = () => current.cell !== null && !current.runs?.workflow;

  commands.addCommand(WorkflowCommandIDs.runStale, {
    label: trans.__('Run Stale Cells'),
    caption: trans.__(
      'Run the cells that were edited or never ran and those that depend on them, as a workflow'
    ),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => !!current.panel && !current.runs?.workflow,
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
    isEnabled: () => !!current.runs?.isRunning,
    execute: async () => {
      try {
        await current.runs?.cancel();
      } catch (error) {
        troubles.report(error);
      }
    }
  });
}

/**
 * A namespace for `addWorkflowCommands` statics.
 */
export namespace addWorkflowCommands {
  export interface IOptions {
    commands: CommandRegistry;
    costs: ICosts;
    current: Current;
    dataflow: IDataflow;
    runs: IRunManager;
    settings: IDossierSettings;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}
