import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { ApiClient } from './client';
import { IApiClient } from './tokens';

/**
 * Provides the API client.
 */
export const apiPlugin: JupyterFrontEndPlugin<IApiClient> = {
  id: 'jupyterlab-dossier:api',
  description: 'Calls the server extension.',
  autoStart: true,
  provides: IApiClient,
  activate: app =>
    new ApiClient({ serverSettings: app.serviceManager.serverSettings })
};
