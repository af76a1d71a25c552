import { type ICodeCellModel, isCodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';

import type { NotebookContent } from '../api';
import { hasDossier } from './metadata';

/**
 * The document as it stands in the editor, saved or not, without its outputs: the server needs
 * sources and metadata, and outputs may be large.
 */
export function toContent(notebook: INotebookModel): NotebookContent {
  return {
    nbformat: notebook.nbformat,
    // Every cell of a model has an id, whatever version its file has.
    nbformat_minor: Math.max(notebook.nbformatMinor, 5),
    metadata: { ...notebook.metadata },
    cells: Array.from(notebook.cells, cell => ({
      cell_type: cell.type,
      id: cell.id,
      metadata: { ...cell.metadata },
      source: cell.sharedModel.getSource(),
      ...(cell.type === 'code' ? { outputs: [], execution_count: null } : {})
    }))
  };
}

/**
 * Whether a notebook or any of its cells carries metadata of ours.
 */
export function carriesDossier(notebook: INotebookModel): boolean {
  return hasDossier(notebook) || Array.from(notebook.cells).some(hasDossier);
}

/**
 * The code cells of a notebook by id.
 */
export function codeCells(
  notebook: INotebookModel
): Map<string, ICodeCellModel> {
  const cells = new Map<string, ICodeCellModel>();
  for (const cell of notebook.cells) {
    if (isCodeCellModel(cell)) {
      cells.set(cell.id, cell);
    }
  }
  return cells;
}
