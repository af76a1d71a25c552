import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ITroubles } from './tokens';
import { Troubles } from './troubles';

/**
 * Provides the words for what goes wrong.
 */
export const troublesPlugin: JupyterFrontEndPlugin<ITroubles> = {
  id: 'jupyterlab-dossier:troubles',
  description: 'Tells what went wrong with the server extension.',
  autoStart: true,
  provides: ITroubles,
  optional: [ITranslator],
  activate: (_, translator: ITranslator | null) =>
    new Troubles((translator ?? nullTranslator).load('jupyterlab_dossier'))
};
