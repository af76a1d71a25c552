import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

// A renderer is made synchronously, when a notebook with such an output opens; it is small.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { NOTE_MIME, OutputNote } from './note';

/**
 * Shows the note in a cell whose output is too long.
 */
export const outputPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:output',
  description: 'Links a long output of a cell to the whole of it.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [NOTE_MIME],
        createRenderer: renderer =>
          new OutputNote({
            renderer,
            settings: app.serviceManager.serverSettings,
            trans
          })
      },
      0
    );
  }
};
