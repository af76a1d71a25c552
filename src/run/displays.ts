import type * as nbformat from '@jupyterlab/nbformat';
import type { IOutputAreaModel } from '@jupyterlab/outputarea';

/**
 * Where the displays with an id stand, in whichever cells of a notebook.
 */
export class Displays {
  /**
   * Note that an output of an area, the last one if not given, is a display with this id.
   */
  add(id: string, area: IOutputAreaModel, index = area.length - 1): void {
    let places = this._areas.get(area);
    if (!places) {
      places = [];
      this._areas.set(area, places);
      // Indices hold until the outputs are cleared, by a run or by the user.
      area.changed.connect(this._onChanged, this);
    }
    places.push({ id, index });
  }

  /**
   * Replace every display that has this id.
   */
  update(id: string, output: nbformat.IOutput): void {
    for (const [area, places] of this._areas) {
      if (area.isDisposed) {
        this._areas.delete(area);
        continue;
      }
      for (const place of places) {
        if (place.id === id && place.index < area.length) {
          area.set(place.index, output);
        }
      }
    }
  }

  private _onChanged(
    area: IOutputAreaModel,
    change: IOutputAreaModel.ChangedArgs
  ): void {
    if (change.type === 'clear' || change.type === 'remove') {
      this._areas.delete(area);
      area.changed.disconnect(this._onChanged, this);
    }
  }

  private _areas = new Map<IOutputAreaModel, { id: string; index: number }[]>();
}
