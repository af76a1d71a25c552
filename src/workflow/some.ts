import { Notification } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';

import { type IDataflow, withDependents, withNeeded } from '../dataflow';
import { codeCells } from '../notebook';
import { selectedCodeCells } from '../targets';
import { runWorkflow } from './workflow';

/**
 * - `stale`: all that must run again;
 * - `needed`: the selected cells;
 * - `dependents`: the selected cells and what depends on them.
 *
 * What these need runs too.
 */
export type WhichCells = 'stale' | 'needed' | 'dependents';

/**
 * Run some cells of a notebook as a workflow.
 */
export async function runSome(
  panel: NotebookPanel,
  which: WhichCells,
  options: runSome.IOptions
): Promise<void> {
  const { trans, troubles } = options;
  const dataflow = options.dataflow.of(panel);
  const use = dataflow.use();
  try {
    await dataflow.settled();
    const selected = selectedCodeCells(panel.content).map(({ id }) => id);
    const cells =
      which === 'stale'
        ? new Set(dataflow.stale.keys())
        : which === 'needed'
          ? new Set(selected)
          : withDependents(dataflow, selected);
    // In the notebook's order.
    const only = Array.from(codeCells(panel.model!).keys()).filter(id =>
      cells.has(id)
    );
    if (!only.length) {
      Notification.info(trans.__('No cell is stale.'), { autoClose: 5000 });
      return;
    }
    const needed = withNeeded(dataflow, only);
    await runWorkflow(panel, { ...options, only, needed });
  } catch (error) {
    troubles.report(error);
  } finally {
    use.dispose();
  }
}

/**
 * A namespace for `runSome` statics.
 */
export namespace runSome {
  export interface IOptions extends Omit<
    runWorkflow.IOptions,
    'only' | 'needed'
  > {
    dataflow: IDataflow;
  }
}
