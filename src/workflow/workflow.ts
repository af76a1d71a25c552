import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICosts } from '../costs';
import { codeCells, getTarget } from '../notebook';
import type { IRunManager, NotebookRuns } from '../run';
import type { ITroubles } from '../troubles';

/**
 * Run the notebook of a panel as a workflow, and tell the user how that goes.
 */
export async function runWorkflow(
  panel: NotebookPanel,
  options: runWorkflow.IOptions
): Promise<void> {
  const { costs, trans, troubles } = options;
  const model = panel.content.model;
  if (!model) {
    return;
  }
  const targets = new Set(
    Array.from(codeCells(model).values(), cell => getTarget(cell))
  ).add(getTarget(model));
  for (const target of targets) {
    if (target !== null && !(await costs.permit(model, target))) {
      return;
    }
  }
  const name = panel.title.label;
  const runs = options.runs.open(model);
  let id = '';
  let end: NotebookRuns.IWorkflowEnd;
  try {
    end = await runs.runWorkflow(panel.context.localPath, () => {
      id = Notification.emit(
        trans.__('%1 runs as a workflow…', name),
        'in-progress',
        {
          autoClose: false,
          actions: [
            {
              label: trans.__('Cancel'),
              callback: event => {
                event.preventDefault();
                runs.cancel().catch(error => troubles.report(error));
              }
            }
          ]
        }
      );
    });
  } catch (error) {
    if (id) {
      Notification.dismiss(id);
    }
    troubles.report(error);
    return;
  }
  const order = Array.from(codeCells(model).keys());
  const [failed] = end.failed.sort(
    (a, b) => order.indexOf(a) - order.indexOf(b)
  );
  if (end.state === 'done') {
    Notification.update({
      id,
      type: 'success',
      message: trans.__('%1 ran as a workflow.', name),
      autoClose: 5000,
      actions: []
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
  Notification.update({
    id,
    type: end.state === 'cancelled' ? 'warning' : 'error',
    message: end.why ? `${words} ${end.why}` : words,
    autoClose: false,
    actions: failed
      ? [
          {
            label: trans.__('Show cell'),
            callback: () => Private.showCell(panel, failed)
          }
        ]
      : []
  });
}

/**
 * A namespace for `runWorkflow` statics.
 */
export namespace runWorkflow {
  export interface IOptions {
    costs: ICosts;
    runs: IRunManager;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}

namespace Private {
  export function showCell(panel: NotebookPanel, id: string): void {
    const notebook = panel.content;
    const index = notebook.widgets.findIndex(cell => cell.model.id === id);
    if (!panel.isDisposed && index >= 0) {
      notebook.activeCellIndex = index;
      notebook.scrollToItem(index, 'center').catch(console.error);
    }
  }
}
