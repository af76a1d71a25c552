import type { ICodeCellModel } from '@jupyterlab/cells';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Problem } from '../api';

/**
 * What preflight found on the cells of a notebook, until they are edited or run again.
 */
export class CellNotes {
  /**
   * Emitted with the id of a cell whose notes changed.
   */
  get changed(): ISignal<CellNotes, string> {
    return this._changed;
  }

  get(cell: string): readonly Problem[] {
    return this._notes.get(cell) ?? [];
  }

  /**
   * Replace the notes of a cell.
   */
  set(cell: ICodeCellModel, problems: readonly Problem[]): void {
    const id = cell.id;
    const hadNotes = this._notes.delete(id);
    if (problems.length) {
      this._notes.set(id, problems);
      cell.sharedModel.changed.connect(this._onChanged, this);
    } else {
      cell.sharedModel.changed.disconnect(this._onChanged, this);
    }
    if (hadNotes || problems.length) {
      this._changed.emit(id);
    }
  }

  /**
   * What was wrong with the source is not known of another one.
   */
  private _onChanged(
    cell: ICodeCellModel['sharedModel'],
    change: { sourceChange?: unknown }
  ): void {
    if (change.sourceChange) {
      cell.changed.disconnect(this._onChanged, this);
      if (this._notes.delete(cell.getId())) {
        this._changed.emit(cell.getId());
      }
    }
  }

  private _changed = new Signal<CellNotes, string>(this);
  private _notes = new Map<string, readonly Problem[]>();
}
