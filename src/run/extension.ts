import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';

import type { IApiClient } from '../api';
import { carriesDossier } from '../notebook';
import type { ITroubles } from '../troubles';
import type { IRunManager } from './tokens';

/**
 * Looks for the runs of each notebook that carries metadata of ours, when it is opened or when it
 * gets its first.
 */
export class AttachExtension implements DocumentRegistry.IWidgetExtension<
  NotebookPanel,
  INotebookModel
> {
  constructor(private _options: AttachExtension.IOptions) {}

  createNew(
    panel: NotebookPanel,
    context: DocumentRegistry.IContext<INotebookModel>
  ): IDisposable {
    const { model } = context;
    let attachment: IDisposable | null = null;
    const look = () => {
      if (panel.isDisposed || !carriesDossier(model)) {
        return;
      }
      model.metadataChanged.disconnect(look);
      const runs = this._options.runs.open(model);
      import('./attach').then(({ Attachment }) => {
        if (!panel.isDisposed) {
          runs.attach(panel.sessionContext);
          attachment = new Attachment({
            ...this._options,
            context,
            model,
            runs
          });
        }
      }, console.error);
    };
    context.ready.then(() => {
      model.metadataChanged.connect(look);
      look();
    }, console.error);
    return new DisposableDelegate(() => {
      model.metadataChanged.disconnect(look);
      attachment?.dispose();
    });
  }
}

/**
 * A namespace for `AttachExtension` statics.
 */
export namespace AttachExtension {
  export interface IOptions {
    api: IApiClient;
    events: Event.IManager;
    runs: IRunManager;
    trans: TranslationBundle;
    troubles: ITroubles;
  }
}
