import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Clipboard,
  type MainAreaWidget,
  Notification,
  type WidgetTracker
} from '@jupyterlab/apputils';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  copyIcon,
  notebookIcon,
  redoIcon,
  refreshIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { type IApiClient, isRunEnd, type RunRecord } from '../api';
import type { IRunManager } from '../run';
import type { RunView } from '../rundetails';
import type { ITargetsModel } from '../targets';
import type { ITroubles } from '../troubles';
import { RunCommandIDs } from '../ui/commandids';
import { compareIcon, runsIcon, verifyIcon } from '../ui/icons';
import { MainViews } from '../ui/mainviews';
import type { KnownRuns, RunFacts } from './known';

/**
 * Add the commands on runs. Each takes the id of a run, else it is about the run whose view is the
 * current one, or whose entry in the side panel was asked for its menu.
 */
export function addRunCommands(options: addRunCommands.IOptions): void {
  const { api, app, known, trans, troubles, views } = options;
  const { commands, shell } = app;
  const runViews = new MainViews({ app, trans, views });
  const comparisons = new MainViews({
    app,
    trans,
    views: options.comparisons
  });

  // Noted when the menu opens: the entry is drawn anew while it is open.
  let asked: string | null = null;
  document.addEventListener(
    'contextmenu',
    ({ target }) => {
      const entry =
        target instanceof Element
          ? target.closest<HTMLElement>('[data-run]')
          : null;
      asked = entry?.dataset.run ?? null;
    },
    true
  );
  // An entry of the menu is executed in the turn that closes it.
  app.contextMenu.menu.aboutToClose.connect(() => {
    const done = asked;
    setTimeout(() => {
      asked = asked === done ? null : asked;
    });
  });
  const runOf = (args: { run?: unknown }): string | null => {
    if (typeof args.run === 'string') {
      return args.run;
    }
    if (asked !== null) {
      return asked;
    }
    const view = views.currentWidget;
    return view && view === shell.currentWidget
      ? view.id.slice(VIEW_ID.length)
      : null;
  };
  const run = {
    type: 'string',
    description: trans.__(
      'The id of the run; that of the current view if not given'
    )
  };
  const add = (
    id: string,
    command: {
      label: string;
      caption: string;
      icon?: typeof runsIcon;

      /**
       * Whether it makes sense for such a run.
       */
      suits?: (run: RunFacts) => boolean;

      /**
       * What it takes beside the run.
       */
      takes?: Record<string, { type: string; description: string }>;
      execute: (
        run: string,
        args: ReadonlyPartialJSONObject
      ) => Promise<unknown> | void;
    }
  ) => {
    const { suits, takes, ...rest } = command;
    commands.addCommand(id, {
      ...rest,
      describedBy: {
        args: { type: 'object', properties: { run, ...takes } }
      },
      isEnabled: args => {
        const run = runOf(args);
        const facts = run === null ? null : known.get(run);
        return run !== null && (!facts || (suits?.(facts) ?? true));
      },
      execute: async args => {
        const run = runOf(args);
        try {
          return run === null ? undefined : await command.execute(run, args);
        } catch (error) {
          troubles.report(error);
        }
      }
    });
  };

  add(RunCommandIDs.openRun, {
    label: trans.__('Open Run'),
    caption: trans.__('Show a run: its cells, their outputs, times and logs'),
    icon: runsIcon,
    takes: {
      cell: {
        type: 'string',
        description: trans.__('The id of the cell whose log is shown')
      }
    },
    execute: async (run, { cell }) => {
      const view = await runViews.open(VIEW_ID + run, async () => {
        const { openRun } = await import('../rundetails');
        const onRecord = (record: RunRecord) => known.note([record]);
        return openRun({ ...options, commands, onRecord, run });
      });
      if (typeof cell === 'string') {
        view?.content.showLog(cell);
      }
      return view;
    }
  });

  add(RunCommandIDs.cancelRun, {
    label: trans.__('Cancel This Run'),
    caption: trans.__('End the run; what it has finished is kept'),
    icon: stopIcon,
    suits: ({ state }) => !isRunEnd(state),
    execute: async run => {
      await api.cancel(run);
      options.refresh();
    }
  });

  add(RunCommandIDs.runAgain, {
    label: trans.__('Run Exactly This Again'),
    caption: trans.__(
      'Run the workflow once more as it was, whatever its notebook says now'
    ),
    icon: redoIcon,
    suits: ({ kind }) => kind === 'workflow',
    execute: async run => {
      const started = await api.start({ kind: 'again', run });
      options.refresh();
      await commands.execute(RunCommandIDs.openRun, { run: started.run });
    }
  });

  add(RunCommandIDs.verifyRun, {
    label: trans.__('Verify This Run…'),
    caption: trans.__(
      'Execute the workflow again with nothing reused, and name each cell that differs'
    ),
    icon: verifyIcon,
    suits: ({ kind, state }) => kind === 'workflow' && isRunEnd(state),
    execute: async run => {
      const { verifyRun } = await import('../verify');
      if (await verifyRun({ api, run, trans })) {
        const view: MainAreaWidget<RunView> | null = await commands.execute(
          RunCommandIDs.openRun,
          { run }
        );
        view?.content.verification.refresh();
      }
    }
  });

  add(RunCommandIDs.openNotebook, {
    label: trans.__('Open Notebook of Run'),
    caption: trans.__('Open the notebook that ran'),
    icon: notebookIcon,
    execute: async run => {
      const { path } = await api.show(run);
      await commands.execute('docmanager:open', { path });
    }
  });

  add(RunCommandIDs.copyRunId, {
    label: trans.__('Copy Id of Run'),
    caption: trans.__('Copy what the command line calls the run'),
    icon: copyIcon,
    execute: run => {
      Clipboard.copyToSystem(run);
      Notification.info(trans.__('Copied: %1', run), { autoClose: 3000 });
    }
  });

  add(RunCommandIDs.compareRuns, {
    label: trans.__('Compare with Another Run…'),
    caption: trans.__(
      'Show what differs between two runs: code, inputs, conditions and outputs'
    ),
    icon: compareIcon,
    takes: {
      with: {
        type: 'string',
        description: trans.__(
          'The id of the other run; it is asked for if not given'
        )
      }
    },
    execute: async (right, { with: other }) => {
      const { chooseOther, openComparison } = await import('../compare');
      const left =
        typeof other === 'string'
          ? other
          : await chooseOther({ api, run: right, trans });
      if (left !== null) {
        await comparisons.open(`${COMPARISON_ID}${left}.${right}`, () =>
          openComparison({ ...options, commands, left, right })
        );
      }
    }
  });

  commands.addCommand(RunCommandIDs.loadInputs, {
    label: trans.__('Open Inputs of This Cell in My Kernel'),
    caption: trans.__(
      'Load the variables that the cell was given in the run into the kernel of its notebook, under their names'
    ),
    describedBy: {
      args: {
        type: 'object',
        required: ['run', 'cell'],
        properties: {
          run,
          cell: { type: 'string', description: trans.__('The id of the cell') }
        }
      }
    },
    isEnabled: args => !!args.run && !!args.cell,
    isVisible: args => !!args.run && !!args.cell,
    execute: async args => {
      try {
        const { loadInputs } = await import('./inputs');
        await loadInputs({
          ...options,
          run: args.run as string,
          cell: args.cell as string
        });
      } catch (error) {
        troubles.report(error);
      }
    }
  });

  commands.addCommand(RunCommandIDs.cleanStorage, {
    label: trans.__('Clean Storage of Runs…'),
    caption: trans.__('Remove old runs, and values that no run needs any more'),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      try {
        const { cleanStorage } = await import('../storage');
        if (await cleanStorage({ api, trans })) {
          options.refresh();
        }
      } catch (error) {
        troubles.report(error);
      }
    }
  });

  commands.addCommand(RunCommandIDs.refreshRuns, {
    label: trans.__('Refresh Targets and Runs'),
    caption: trans.__('Ask for the state of targets and runs now'),
    icon: refreshIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      const asked = options.targets.refresh(true);
      options.refresh();
      await asked;
    }
  });
}

/**
 * What the ids of the views of runs begin with.
 */
export const VIEW_ID = 'dossier-run-';

/**
 * What the ids of the views of two runs begin with; the ids of both follow.
 */
export const COMPARISON_ID = 'dossier-compare-';

/**
 * A namespace for `addRunCommands` statics.
 */
export namespace addRunCommands {
  export interface IOptions {
    api: IApiClient;
    app: JupyterFrontEnd;
    comparisons: WidgetTracker<MainAreaWidget>;
    known: KnownRuns;
    languages: IEditorLanguageRegistry | null;
    manager: IRunManager;

    /**
     * Ask for the runs again, where they are shown.
     */
    refresh: () => void;
    rendermime: IRenderMimeRegistry;
    targets: ITargetsModel;
    tracker: INotebookTracker;
    trans: TranslationBundle;
    troubles: ITroubles;
    views: WidgetTracker<MainAreaWidget<RunView>>;
  }
}
