import type { ICellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import { type ReadonlyJSONObject, UUID } from '@lumino/coreutils';

/**
 * The key of cell and notebook metadata that is ours; nothing else is written into a notebook.
 */
export const METADATA_KEY = 'dossier';

/**
 * The version of what is written under it.
 */
const VERSION = 1;

/**
 * The target that is the notebook's own kernel.
 */
export const KERNEL = 'kernel';

/**
 * The part of a cell's or notebook's model that holds metadata.
 */
export interface IMetadataHolder {
  getMetadata(key: string): unknown;
  setMetadata(key: string, value: unknown): void;
  deleteMetadata(key: string): void;
}

/**
 * The target named by a cell (its own) or by a notebook (its default); `null` where none is.
 *
 * Files are written by others too: what has not the right shape counts as not there.
 */
export function getTarget(model: IMetadataHolder): string | null {
  const { target } = Private.read(model);
  return typeof target === 'string' && target ? target : null;
}

/**
 * The options that a cell gives to its target, those that differ from the defaults.
 */
export function getOptions(cell: IMetadataHolder): ReadonlyJSONObject {
  return Private.asObject(Private.read(cell).options) as ReadonlyJSONObject;
}

/**
 * The options that a notebook gives to a target for all of its cells; a cell's own count before.
 */
export function getNotebookOptions(
  notebook: IMetadataHolder,
  target: string
): ReadonlyJSONObject {
  const all = Private.asObject(Private.read(notebook).options);
  return Private.asObject(all[target]) as ReadonlyJSONObject;
}

/**
 * Set the options that a notebook gives to a target.
 */
export function setNotebookOptions(
  notebook: IMetadataHolder,
  target: string,
  options: ReadonlyJSONObject
): void {
  const all = Private.asObject(Private.read(notebook).options);
  delete all[target];
  if (Object.keys(options).length > 0) {
    all[target] = options;
    ensureNotebookId(notebook);
  }
  Private.change(notebook, {
    options: Object.keys(all).length > 0 ? all : null
  });
}

/**
 * Set the own target of cells, or remove it with `null`; one step of the notebook's undo.
 *
 * Keys that are not known here are kept: they belong to a later version, or to the user.
 */
export function setCellTargets(
  notebook: INotebookModel,
  cells: Iterable<ICellModel>,
  target: string | null
): void {
  Private.undoable(notebook, () => {
    for (const cell of cells) {
      if (getTarget(cell) !== target) {
        // Options are the target's.
        Private.change(cell, { target, options: null });
      }
    }
  });
  if (target !== null) {
    ensureNotebookId(notebook);
  }
}

/**
 * Set the options of cells; one step of the notebook's undo.
 */
export function setCellOptions(
  notebook: INotebookModel,
  cells: Iterable<ICellModel>,
  options: ReadonlyJSONObject
): void {
  const value = Object.keys(options).length > 0 ? options : null;
  Private.undoable(notebook, () => {
    for (const cell of cells) {
      Private.change(cell, { options: value });
    }
  });
}

/**
 * Set the notebook's default target, or remove it with `null`.
 */
export function setDefaultTarget(
  notebook: INotebookModel,
  target: string | null
): void {
  if (target !== null) {
    ensureNotebookId(notebook);
  }
  Private.change(notebook, { target });
}

/**
 * Give the notebook its random id, by which its runs are known when it is renamed.
 */
export function ensureNotebookId(notebook: IMetadataHolder): void {
  if (notebookId(notebook) === null) {
    renewNotebookId(notebook);
  }
}

/**
 * The random id of a notebook; `null` where it has none yet.
 */
export function notebookId(notebook: IMetadataHolder): string | null {
  const { id } = Private.read(notebook);
  return typeof id === 'string' && id ? id : null;
}

/**
 * Give a copy of a notebook an id of its own.
 */
export function renewNotebookId(notebook: IMetadataHolder): void {
  Private.change(notebook, { id: UUID.uuid4() });
}

/**
 * Where a cell runs when it is run by itself.
 */
export function effectiveTarget(
  notebook: IMetadataHolder,
  cell: IMetadataHolder
): string {
  return getTarget(cell) ?? getTarget(notebook) ?? KERNEL;
}

/**
 * Whether a cell or notebook carries metadata of ours at all.
 */
export function hasDossier(model: IMetadataHolder): boolean {
  return model.getMetadata(METADATA_KEY) !== undefined;
}

/**
 * Whether a cell is expected to fail, or is not to be run, as its tags say.
 */
export function hasTag(model: IMetadataHolder, tag: string): boolean {
  const tags = model.getMetadata('tags');
  return Array.isArray(tags) && tags.includes(tag);
}

namespace Private {
  export function asObject(value: unknown): Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : {};
  }

  export function read(model: IMetadataHolder): Record<string, unknown> {
    return asObject(model.getMetadata(METADATA_KEY));
  }

  /**
   * Set keys, or take them away with `null`, and our key with them where nothing of worth is left.
   */
  export function change(
    model: IMetadataHolder,
    changes: Record<string, unknown>
  ): void {
    const value: Record<string, unknown> = {
      version: VERSION,
      ...read(model),
      ...changes
    };
    for (const [key, one] of Object.entries(changes)) {
      if (one === null) {
        delete value[key];
      }
    }
    if (Object.keys(value).some(key => key !== 'version')) {
      model.setMetadata(METADATA_KEY, value);
    } else {
      model.deleteMetadata(METADATA_KEY);
    }
  }

  /**
   * The part of a shared model that its interface does not tell.
   */
  interface IUndoable {
    transact(make: () => void): void;
    undoManager?: { stopCapturing(): void };
  }

  /**
   * Make a change that the notebook's undo takes back as a whole; metadata alone is not tracked.
   */
  export function undoable(notebook: INotebookModel, make: () => void): void {
    const sharedModel: IUndoable = notebook.sharedModel;
    // What is changed a moment before or after it is another step.
    sharedModel.undoManager?.stopCapturing();
    sharedModel.transact(make);
    sharedModel.undoManager?.stopCapturing();
  }
}
