import type { ICodeCellModel } from '@jupyterlab/cells';
import type * as nbformat from '@jupyterlab/nbformat';

import type { OutputBody } from '../api';
import type { Displays } from './displays';

/**
 * Write one message of a run into the outputs of its cell, as a kernel's message would be.
 *
 * @param cell - the cell, or `null` when it is gone or was edited: then only updates of displays
 * in other cells have an effect
 */
export function applyOutput(
  body: OutputBody,
  cell: ICodeCellModel | null,
  displays: Displays
): void {
  const { transient, ...content } = body.content as Record<string, unknown>;
  const id = (transient as { display_id?: unknown } | undefined)?.display_id;
  switch (body.msg_type) {
    case 'stream':
    case 'error':
    case 'execute_result':
    case 'display_data':
      if (cell) {
        cell.outputs.add({
          ...content,
          output_type: body.msg_type
        } as nbformat.IOutput);
        if (typeof id === 'string' && body.msg_type === 'display_data') {
          displays.add(id, cell.outputs);
        }
      }
      break;
    case 'update_display_data':
      if (typeof id === 'string') {
        displays.update(id, {
          ...content,
          output_type: 'display_data'
        } as nbformat.IOutput);
      }
      break;
    case 'clear_output':
      cell?.outputs.clear(content.wait === true);
      break;
    default:
      break;
  }
}

/**
 * Clear what an earlier execution left in a cell and mark it as waiting or running, as pressing
 * Shift+Enter does.
 */
export function beginExecution(cell: ICodeCellModel): void {
  cell.sharedModel.transact(
    () => {
      cell.clearExecution();
    },
    false,
    'silent-change'
  );
  cell.executionState = 'running';
  cell.trusted = true;
}

/**
 * Let an error stand in a cell that could not run at all.
 */
export function writeError(
  cell: ICodeCellModel,
  ename: string,
  evalue: string
): void {
  cell.outputs.add({ output_type: 'error', ename, evalue, traceback: [] });
}
