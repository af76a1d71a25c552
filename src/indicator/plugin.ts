import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { PanelLayout, Widget } from '@lumino/widgets';

import { IRunManager } from '../run';

/**
 * Adds the indicator of cells that run elsewhere to the notebook's toolbar.
 */
export const indicatorPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:indicator',
  description: 'Says in the toolbar which cell runs on a target.',
  autoStart: true,
  requires: [IRunManager, IToolbarWidgetRegistry],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    runs: IRunManager,
    toolbar: IToolbarWidgetRegistry,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    toolbar.addFactory<NotebookPanel>(
      'Notebook',
      'dossier-indicator',
      panel => {
        const place = new Widget();
        place.addClass('jp-DossierIndicatorPlace');
        const layout = (place.layout = new PanelLayout());
        const show = (
          _: IRunManager,
          { notebook, runs: opened }: IRunManager.IOpened
        ) => {
          if (notebook !== panel.content.model) {
            return;
          }
          runs.opened.disconnect(show);
          import('./indicator')
            .then(({ Indicator }) => {
              if (!place.isDisposed) {
                layout.addWidget(
                  new Indicator({ notebook, runs: opened, trans })
                );
              }
            })
            .catch(console.error);
        };
        runs.opened.connect(show);
        place.disposed.connect(() => runs.opened.disconnect(show));
        const { model } = panel.content;
        const known = model && runs.find(model);
        if (model && known) {
          show(runs, { notebook: model, runs: known });
        }
        return place;
      }
    );
  }
};
