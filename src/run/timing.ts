import type { ICodeCellModel } from '@jupyterlab/cells';

import type { CellStates } from './states';

/**
 * Record the times of a cell that runs elsewhere in its metadata, as those of a kernel's cell are
 * recorded; by this page's clock.
 *
 * @returns to be called when the cell has ended
 */
export function recordTiming(
  cell: ICodeCellModel,
  states: CellStates
): () => void {
  const note = (...labels: string[]) => {
    const now = new Date().toISOString();
    const known = cell.getMetadata('execution') as object | undefined;
    const times = Object.fromEntries(labels.map(label => [label, now]));
    cell.setMetadata('execution', { ...known, ...times });
  };
  let hasBegun = false;
  const onState = (_: CellStates, id: string) => {
    if (!hasBegun && id === cell.id && states.get(id)?.state === 'running') {
      hasBegun = true;
      note(
        'iopub.status.busy',
        'iopub.execute_input',
        'shell.execute_reply.started'
      );
    }
  };
  cell.deleteMetadata('execution');
  states.changed.connect(onState);
  return () => {
    states.changed.disconnect(onState);
    if (!hasBegun) {
      note('execution_failed');
    } else {
      note('shell.execute_reply', 'iopub.status.idle');
    }
  };
}
