import type { ICodeCellModel } from '@jupyterlab/cells';
import type * as nbformat from '@jupyterlab/nbformat';
import { type IOutputAreaModel, OutputAreaModel } from '@jupyterlab/outputarea';
import { JSONExt } from '@lumino/coreutils';

import type { CellOutputs, OutputBody } from '../api';
import type { Displays } from './displays';

const changing = new WeakSet<IOutputAreaModel>();

/**
 * Change the outputs of a cell for a run, which is not the user's clearing of them.
 */
export function changeOutputs(
  outputs: IOutputAreaModel,
  change: () => void
): void {
  changing.add(outputs);
  try {
    change();
  } finally {
    changing.delete(outputs);
  }
}

/**
 * Whether outputs change for a run just now.
 */
export function isChanging(outputs: IOutputAreaModel): boolean {
  return changing.has(outputs);
}

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
  const content = { ...body.content };
  delete content.transient;
  const id = displayId(body.content);
  switch (body.msg_type) {
    case 'stream':
    case 'error':
    case 'execute_result':
    case 'display_data':
      if (cell) {
        const { outputs } = cell;
        changeOutputs(outputs, () => {
          outputs.add({
            ...content,
            output_type: body.msg_type
          } as nbformat.IOutput);
        });
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
      if (cell) {
        const { outputs } = cell;
        changeOutputs(outputs, () => outputs.clear(content.wait === true));
      }
      break;
    default:
      break;
  }
}

/**
 * Let a cell show what the ledger says it shows; one that does already is left alone.
 */
export function restoreOutputs(
  cell: ICodeCellModel,
  shown: CellOutputs,
  displays: Displays
): void {
  const { outputs } = cell;
  // Where trust changes, the page's outputs are made anew, and text added later is not shown.
  const isStale = !cell.trusted;
  // As those of a cell that runs here.
  cell.trusted = true;
  const values = shown.outputs as nbformat.IOutput[];
  const normal = new OutputAreaModel({ values, trusted: true });
  if (
    isStale ||
    !JSONExt.deepEqual(normal.toJSON() as never, outputs.toJSON() as never)
  ) {
    changeOutputs(outputs, () => outputs.fromJSON(values));
  }
  normal.dispose();
  for (const { id, index } of shown.displays) {
    displays.add(id, outputs, index);
  }
  if (shown.clears_next) {
    outputs.clear(true);
  }
  if (cell.executionCount !== shown.execution_count) {
    cell.executionCount = shown.execution_count;
  }
}

/**
 * Two successive messages for a cell as one, or `null` where both are needed.
 */
export function mergeOutputs(
  first: OutputBody,
  second: OutputBody
): OutputBody | null {
  if (first.msg_type !== second.msg_type) {
    return null;
  }
  const { content: before } = first;
  const { content: after } = second;
  if (first.msg_type === 'stream' && before.name === after.name) {
    const text = `${before.text}${after.text}`;
    return { ...second, content: { ...after, text } };
  }
  const isUpdate = first.msg_type === 'update_display_data';
  return isUpdate && displayId(before) === displayId(after) ? second : null;
}

/**
 * The id under which a display can be updated.
 */
function displayId(content: OutputBody['content']): unknown {
  return (content.transient as { display_id?: unknown } | undefined)
    ?.display_id;
}

/**
 * Clear what an earlier execution left in a cell and mark it as waiting or running, as pressing
 * Shift+Enter does.
 */
export function beginExecution(cell: ICodeCellModel): void {
  cell.sharedModel.transact(
    () => {
      changeOutputs(cell.outputs, () => cell.clearExecution());
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
