import type { ICellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import { UUID } from '@lumino/coreutils';

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
 * Set a cell's own target, or remove it with `null`.
 *
 * Keys that are not known here are kept: they belong to a later version, or to the user.
 */
export function setCellTarget(
  notebook: INotebookModel,
  cell: ICellModel,
  target: string | null
): void {
  if (target === null) {
    Private.removeTarget(cell);
  } else {
    Private.write(cell, { target });
    ensureNotebookId(notebook);
  }
}

/**
 * Set the notebook's default target, or remove it with `null`.
 */
export function setDefaultTarget(
  notebook: INotebookModel,
  target: string | null
): void {
  if (target === null) {
    const rest = Private.read(notebook);
    delete rest.target;
    notebook.setMetadata(METADATA_KEY, rest);
  } else {
    ensureNotebookId(notebook);
    Private.write(notebook, { target });
  }
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
  Private.write(notebook, { id: UUID.uuid4() });
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
  export function read(model: IMetadataHolder): Record<string, unknown> {
    const value = model.getMetadata(METADATA_KEY);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : {};
  }

  export function write(
    model: IMetadataHolder,
    change: Record<string, unknown>
  ): void {
    model.setMetadata(METADATA_KEY, {
      version: VERSION,
      ...read(model),
      ...change
    });
  }

  /**
   * Take the target away, and with it our key where nothing else of worth stands there.
   */
  export function removeTarget(model: IMetadataHolder): void {
    const rest = read(model);
    delete rest.target;
    // Options are the target's.
    delete rest.options;
    const kept = Object.keys(rest).filter(key => key !== 'version');
    if (kept.length === 0) {
      model.deleteMetadata(METADATA_KEY);
    } else {
      model.setMetadata(METADATA_KEY, rest);
    }
  }
}
