import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { WidgetKernels } from './kernels';
import { WIDGET_PLACE } from './mimetypes';
import { WidgetOutput } from './output';

/**
 * Shows widgets that live in worker kernels.
 */
export const widgetsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:widgets',
  description: 'Shows widgets of cells that ran elsewhere.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    const { serverSettings } = app.serviceManager;
    const kernels = new WidgetKernels({ rendermime, serverSettings });
    rendermime.addFactory(
      {
        // As a view of ipywidgets: shown where the output is trusted, else its text.
        safe: false,
        mimeTypes: [WIDGET_PLACE],
        createRenderer: () => new WidgetOutput({ kernels, trans })
      },
      RANK
    );
  }
};

/**
 * Before ipywidgets' own renderer, which looks in the notebook's kernel.
 */
const RANK = -20;
