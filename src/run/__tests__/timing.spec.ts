import { CodeCellModel } from '@jupyterlab/cells';

import { CellStates } from '../states';
import { recordTiming } from '../timing';

describe('recordTiming', () => {
  const labels = (cell: CodeCellModel) =>
    Object.keys(cell.getMetadata('execution') as object).sort();

  it('records what is recorded of a cell of the kernel', () => {
    const cell = new CodeCellModel();
    const states = new CellStates();
    const ended = recordTiming(cell, states);
    expect(cell.getMetadata('execution')).toBeUndefined();
    states.set(cell.id, { state: 'starting', why: null });
    states.set(cell.id, { state: 'running', why: null });
    ended();
    expect(labels(cell)).toEqual([
      'iopub.execute_input',
      'iopub.status.busy',
      'iopub.status.idle',
      'shell.execute_reply',
      'shell.execute_reply.started'
    ]);
  });

  it('records that a cell never began', () => {
    const cell = new CodeCellModel();
    recordTiming(cell, new CellStates())();
    expect(labels(cell)).toEqual(['execution_failed']);
  });
});
