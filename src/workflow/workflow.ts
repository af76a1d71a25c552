import type { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { numbered } from '../api';
import type { ICosts } from '../costs';
import { codeCells, getTarget, showCell } from '../notebook';
import { isLong } from '../notify';
import { isRefused } from '../preflight';
import type { IRunManager, NotebookRuns } from '../run';
import type { IDossierSettings } from '../settings';
import type { ITroubles } from '../troubles';
import { RunNotice } from './notice';

/**
 * Run the notebook of a panel as a workflow, or some of its cells with what they need, and tell the
 * user how that goes.
 */
export async function runWorkflow(
  panel: NotebookPanel,
  options: runWorkflow.IOptions
): Promise<void> {
  const { costs, only, settings, trans, troubles } = options;
  const model = panel.content.model;
  if (!model) {
    return;
  }
  const runs = options.runs.open(model);
  try {
    const problems = await runs.preflight(panel.context.localPath, only);
    if (
      isRefused(problems) ||
      (problems.length && settings.values.askOnWarnings)
    ) {
      const { askWorkflow } = await import('../preflight/dialog');
      const { run, show } = await askWorkflow(problems, trans);
      if (show !== null) {
        showCell(panel, show);
      }
      if (!run) {
        return;
      }
    }
  } catch (error) {
    troubles.report(error);
    return;
  }
  const targets = new Set(
    Array.from(codeCells(model))
      .filter(([id]) => options.needed?.has(id) ?? true)
      .map(([, cell]) => getTarget(cell))
  ).add(getTarget(model));
  for (const target of targets) {
    if (target !== null && !(await costs.permit(model, target))) {
      return;
    }
  }
  // The notebook may be closed before its run ends.
  const name = panel.title.label;
  const order = Array.from(codeCells(model).keys());
  const begun = Date.now();
  const notice = new RunNotice();
  let run = '';
  let end: NotebookRuns.IWorkflowEnd;
  try {
    const onStarted = (started: string) => {
      run = started;
      notice.begin(
        only
          ? trans.__('Cells of %1 run…', name)
          : trans.__('%1 runs as a workflow…', name),
        {
          label: trans.__('Cancel'),
          callback: event => {
            event.preventDefault();
            runs.cancel().catch(error => troubles.report(error));
          }
        }
      );
    };
    const path = panel.context.localPath;
    end = await runs.runWorkflow(path, onStarted, only);
  } catch (error) {
    notice.dismiss();
    troubles.report(error);
    return;
  }
  const last = order.filter(cell => !only || only.includes(cell)).pop();
  const [failed] = end.failed.sort(
    (a, b) => order.indexOf(a) - order.indexOf(b)
  );
  const showing = (cell: string): Notification.IAction[] =>
    panel.isDisposed
      ? []
      : [
          {
            label: trans.__('Show cell'),
            callback: () => showCell(panel, cell)
          }
        ];
  const opening: Notification.IAction = {
    label: trans.__('Open run'),
    callback: () => options.openRun(run)
  };
  if (end.state === 'done') {
    // Who waited for long may be elsewhere when it ends.
    const stays = isLong(Date.now() - begun, settings) && last !== undefined;
    const words = only
      ? trans.__('Cells of %1 ran.', name)
      : trans.__('%1 ran as a workflow.', name);
    notice.end(words, 'success', {
      autoClose: stays ? false : 5000,
      actions: stays ? [...showing(last), opening] : []
    });
    return;
  }
  const words =
    end.state === 'cancelled'
      ? trans.__('The workflow run of %1 was cancelled.', name)
      : failed
        ? trans.__(
            'The workflow run of %1 ended at code cell %2, which failed.',
            name,
            order.indexOf(failed) + 1
          )
        : trans.__('The workflow run of %1 failed.', name);
  const why = failed ? runs.states.get(failed)?.why : end.why;
  const type = end.state === 'cancelled' ? 'warning' : 'error';
  notice.end(why ? `${words} ${numbered(why)}` : words, type, {
    autoClose: false,
    actions: failed ? [...showing(failed), opening] : [opening]
  });
}

/**
 * A namespace for `runWorkflow` statics.
 */
export namespace runWorkflow {
  export interface IOptions {
    costs: ICosts;

    /**
     * The cells to run with all that they need, where not all are.
     */
    only?: string[];

    /**
     * These cells and what they need, as far as is known: only those may cost.
     */
    needed?: ReadonlySet<string>;

    /**
     * Show a run with all that is known of it.
     */
    openRun: (run: string) => void;
    runs: IRunManager;
    settings: IDossierSettings;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}
