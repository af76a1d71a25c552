import { type ICodeCellModel, isCodeCellModel } from '@jupyterlab/cells';
import type { YNotebook } from '@jupyter/ydoc';
import type { INotebookModel } from '@jupyterlab/notebook';

import type { NotebookContent, SharedDocument } from '../api';
import { hasDossier, notebookId } from './metadata';

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
 * The document that this page shares with those of collaborators; `null` where it is its own.
 */
export function sharedDocument(
  notebook: INotebookModel
): SharedDocument | null {
  if (!notebook.collaborative) {
    return null;
  }
  const { sharedModel } = notebook;
  const document = sharedModel.getState('document_id') ?? notebookId(notebook);
  const client = (sharedModel as YNotebook).awareness.clientID;
  return { document: String(document), client: String(client) };
}

/**
 * The code cells of a notebook by id; none once it is closed.
 */
export function codeCells(
  notebook: INotebookModel
): Map<string, ICodeCellModel> {
  const cells = new Map<string, ICodeCellModel>();
  if (notebook.isDisposed) {
    return cells;
  }
  for (const cell of notebook.cells) {
    if (isCodeCellModel(cell)) {
      cells.set(cell.id, cell);
    }
  }
  return cells;
}
