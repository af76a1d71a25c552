import type { ICodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IOutputAreaModel } from '@jupyterlab/outputarea';

import type { IApiClient } from '../api';
import { isChanging } from './outputs';

/**
 * Tells the ledger which outputs of runs it need not show again: those that the user cleared, and
 * those that stand in the saved document.
 */
export class Deliveries {
  constructor(private _api: IApiClient) {}

  /**
   * The outputs of a cell are those of this run from now on.
   */
  begin(run: string, cell: ICodeCellModel): void {
    const { outputs } = cell;
    if (!this._runs.has(outputs)) {
      outputs.changed.connect(this._onOutputs, this);
    }
    this._runs.set(outputs, { run, cell: cell.id, isTold: false });
    this._areas.add(outputs);
  }

  /**
   * A run's events up to this one are taken in.
   */
  advance(run: string, seq: number): void {
    this._seqs.set(run, Math.max(seq, this._seqs.get(run) ?? 0));
  }

  /**
   * A run has said its last.
   */
  end(run: string): void {
    this._ended.add(run);
  }

  /**
   * Tell of each time the document is saved, however many look at it.
   */
  watch(context: DocumentRegistry.Context): void {
    if (this._watched.has(context)) {
      return;
    }
    this._watched.add(context);
    let saved = new Map<string, string[]>();
    context.saveState.connect((_, state) => {
      if (state === 'started') {
        saved = this._ready();
      } else if (state === 'completed') {
        for (const [run, cells] of saved) {
          void this._tell(run, cells, 'saved');
        }
        for (const area of this._areas) {
          const place = this._runs.get(area);
          if (place && saved.get(place.run)?.includes(place.cell)) {
            place.isTold = true;
          }
        }
      }
    }, this);
  }

  /**
   * Cells whose last outputs stand in the document, by run.
   */
  private _ready(): Map<string, string[]> {
    const ready = new Map<string, string[]>();
    for (const area of this._areas) {
      const place = this._runs.get(area);
      if (area.isDisposed || !place) {
        this._areas.delete(area);
      } else if (this._ended.has(place.run) && !place.isTold) {
        ready.set(place.run, [...(ready.get(place.run) ?? []), place.cell]);
      }
    }
    return ready;
  }

  private _onOutputs(
    area: IOutputAreaModel,
    change: IOutputAreaModel.ChangedArgs
  ): void {
    // With collaborators, what another one clears arrives as removals: that client tells it.
    if (change.type === 'clear' && !isChanging(area)) {
      const { run, cell } = this._runs.get(area)!;
      void this._tell(run, [cell], 'cleared');
    }
  }

  private async _tell(
    run: string,
    cells: string[],
    how: 'cleared' | 'saved'
  ): Promise<void> {
    try {
      const seq = this._seqs.get(run) ?? 0;
      await this._api.delivered(run, { cells, seq, how });
    } catch (error) {
      // Untold, the outputs are written again when the notebook is opened.
      console.warn(error);
    }
  }

  private _areas = new Set<IOutputAreaModel>();
  private _ended = new Set<string>();
  private _runs = new WeakMap<
    IOutputAreaModel,
    { run: string; cell: string; isTold: boolean }
  >();
  private _seqs = new Map<string, number>();
  private _watched = new WeakSet<DocumentRegistry.Context>();
}
