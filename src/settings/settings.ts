import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { JSONExt, type ReadonlyJSONObject } from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

import { IDossierSettings } from './tokens';

/**
 * The values before the user's own have arrived, and where there is no registry.
 */
export const DEFAULTS: Readonly<IDossierSettings.IValues> = {
  strip: 'when-needed',
  markStale: true,
  askBeforeCostly: true,
  askOnWarnings: true,
  notifyAfter: 60
};

/**
 * The settings as the setting registry has them.
 */
export class DossierSettings implements IDossierSettings {
  get values(): Readonly<IDossierSettings.IValues> {
    return this._values;
  }

  get changed(): ISignal<IDossierSettings, void> {
    return this._changed;
  }

  /**
   * Take the values of loaded settings, now and whenever they change.
   */
  follow(settings: ISettingRegistry.ISettings): void {
    settings.changed.connect(this._update, this);
    this._update(settings);
  }

  private _update({ composite }: ISettingRegistry.ISettings): void {
    const values = { ...DEFAULTS, ...composite } as IDossierSettings.IValues;
    const before: unknown = this._values;
    if (
      !JSONExt.deepEqual(
        values as unknown as ReadonlyJSONObject,
        before as ReadonlyJSONObject
      )
    ) {
      this._values = values;
      this._changed.emit();
    }
  }

  private _changed = new Signal<IDossierSettings, void>(this);
  private _values = DEFAULTS;
}
