import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification, type WidgetTracker } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

/**
 * Views in the main area, each opened once however often it is asked for.
 */
export class MainViews<W extends Widget> {
  constructor(private _options: MainViews.IOptions<W>) {}

  /**
   * Show a view, made where it is not open.
   *
   * @param id - the view's
   * @param make - makes it
   * @param how - where it is to stand
   * @returns the view; `null` where the main area has no place for it, which the user is told
   */
  async open(
    id: string,
    make: () => Promise<W> | W,
    how: DocumentRegistry.IOpenOptions = {}
  ): Promise<W | null> {
    const { app, views } = this._options;
    let view = views.find(other => other.id === id) ?? null;
    if (!view) {
      let opening = this._opening.get(id);
      if (!opening) {
        opening = this._open(id, make, how);
        this._opening.set(id, opening);
      }
      try {
        view = await opening;
      } finally {
        this._opening.delete(id);
      }
    }
    if (view && !view.isDisposed) {
      app.shell.activateById(id);
    }
    return view;
  }

  private async _open(
    id: string,
    make: () => Promise<W> | W,
    how: DocumentRegistry.IOpenOptions
  ): Promise<W | null> {
    const { app, trans, views } = this._options;
    const { serviceManager, shell } = app;
    const view = await make();
    view.id = id;
    shell.add(view, 'main', { type: 'Dossier', ...how });
    if (view.parent) {
      await views.add(view);
      return view;
    }
    // Notebook 7 has one document in its main area, and takes nothing else.
    const { label } = view.title;
    view.dispose();
    Notification.info(
      trans.__(
        'This window has room for one document: “%1” can be opened in JupyterLab.',
        label
      ),
      {
        autoClose: false,
        actions: [
          {
            label: trans.__('Open JupyterLab'),
            callback: () => {
              const { baseUrl } = serviceManager.serverSettings;
              window.open(URLExt.join(baseUrl, 'lab'));
            }
          }
        ]
      }
    );
    return null;
  }

  private _opening = new Map<string, Promise<W | null>>();
}

/**
 * A namespace for `MainViews` statics.
 */
export namespace MainViews {
  export interface IOptions<W extends Widget> {
    app: JupyterFrontEnd;
    trans: TranslationBundle;
    views: WidgetTracker<W>;
  }
}
