import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { DossierSettings } from './settings';
import { IDossierSettings } from './tokens';

/**
 * The plugin whose schema the settings are.
 */
const SCHEMA = 'jupyterlab-dossier:plugin';

/**
 * Provides the settings; nothing waits for them.
 */
export const settingsPlugin: JupyterFrontEndPlugin<IDossierSettings> = {
  id: 'jupyterlab-dossier:settings',
  description: 'What the user chose in the settings editor.',
  autoStart: true,
  provides: IDossierSettings,
  optional: [ISettingRegistry],
  activate: (_: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    const settings = new DossierSettings();
    registry
      ?.load(SCHEMA)
      .then(loaded => settings.follow(loaded), console.error);
    return settings;
  }
};
