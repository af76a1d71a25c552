import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

/**
 * What the user chose in the settings editor.
 */
export interface IDossierSettings {
  /**
   * The values now; the defaults until the user's own have arrived.
   */
  readonly values: Readonly<IDossierSettings.IValues>;

  /**
   * Emitted when `values` changed.
   */
  readonly changed: ISignal<IDossierSettings, void>;
}

/**
 * A namespace for `IDossierSettings` statics.
 */
export namespace IDossierSettings {
  /**
   * The settings of `schema/plugin.json`.
   */
  export interface IValues {
    /**
     * Which code cells have a strip.
     */
    strip: 'when-needed' | 'always' | 'never';

    /**
     * Whether cells that must run again are marked.
     */
    markStale: boolean;

    /**
     * Whether the first run on a target that costs asks.
     */
    askBeforeCostly: boolean;

    /**
     * Whether a workflow with warnings asks before it runs.
     */
    askOnWarnings: boolean;

    /**
     * A run that took at least as many seconds is told by a notification; 0 for none.
     */
    notifyAfter: number;
  }
}

/**
 * The settings token.
 */
export const IDossierSettings = new Token<IDossierSettings>(
  'jupyterlab-dossier:IDossierSettings',
  'What the user chose in the settings editor, with defaults until it has arrived.'
);
