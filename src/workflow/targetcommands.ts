import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { KERNEL, setCellTargets, setDefaultTarget } from '../notebook';
import type { IRunManager } from '../run';
import {
  type ITargetsModel,
  selectedCodeCells,
  TargetChooser
} from '../targets';
import type { ITroubles } from '../troubles';
import { WorkflowCommandIDs } from '../ui/commandids';
import { targetIcon } from '../ui/icons';
import type { Current } from './current';

/**
 * Add the commands on where cells run.
 */
export function addTargetCommands(options: addTargetCommands.IOptions): void {
  const { commands, current, runs, targets, trans, troubles } = options;
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
    isEnabled: () => current.cell !== null,
    execute: async args => {
      const cell = current.cell;
      const notebook = current.panel?.content;
      if (!cell || !notebook?.model) {
        return;
      }
      const cells = selectedCodeCells(notebook);
      if (args.target === undefined) {
        await chooser.chooseForCells(notebook, cells, current.anchorIn(cell));
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
      const notebook = current.panel?.content;
      return !!notebook && !!chooser.schemaOf(selectedCodeCells(notebook));
    },
    execute: async () => {
      const notebook = current.panel?.content;
      if (notebook) {
        await chooser.editOptions(notebook, selectedCodeCells(notebook));
      }
    }
  });

  const targetOfAll = (): string | null => {
    const notebook = current.panel?.content;
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
    isEnabled: args => !!current.panel && (!!args.target || !!targetOfAll()),
    execute: async args => {
      const notebook = current.panel?.content;
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
    isEnabled: () => !!current.panel,
    execute: async args => {
      const panel = current.panel;
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
    isEnabled: () => current.cell !== null,
    execute: async () => {
      const panel = current.panel;
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
    isEnabled: () => current.cell !== null,
    execute: async args => {
      const cell = current.cell;
      const panel = current.panel;
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
          current.anchorIn(cell),
          trans.__('Run once on'),
          run
        );
      }
    }
  });
}

/**
 * A namespace for `addTargetCommands` statics.
 */
export namespace addTargetCommands {
  export interface IOptions {
    commands: CommandRegistry;
    current: Current;
    runs: IRunManager;
    targets: ITargetsModel;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}
