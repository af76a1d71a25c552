import { registerWidgetManager } from '@jupyter-widgets/jupyterlab-manager';
import type { IWidgetManager } from '@jupyter-widgets/jupyterlab-manager';
import { URLExt } from '@jupyterlab/coreutils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import {
  type IRenderMime,
  type IRenderMimeRegistry,
  MimeModel
} from '@jupyterlab/rendermime';
import {
  KernelAPI,
  KernelConnection,
  KernelMessage,
  ServerConnection
} from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { API_PATH } from '../api';
import { WIDGET_VIEW } from './mimetypes';

/**
 * A worker kernel, linked to this page by its comms only: the manager of its widgets is
 * ipywidgets' own, on a kernel connection that leads to our part of the server.
 */
export class WidgetKernel implements IDisposable {
  /**
   * Link the page to a worker kernel.
   *
   * @returns `null` where that has ended
   */
  static async open(
    id: string,
    options: WidgetKernel.IOptions
  ): Promise<WidgetKernel | null> {
    const serverSettings = Private.settings(options.serverSettings);
    const model = await KernelAPI.getKernelModel(id, serverSettings);
    if (!model || model.execution_state === 'dead') {
      return null;
    }
    const connection = new KernelConnection({ model, serverSettings });
    const rendermime = options.rendermime.clone();
    let registration: IDisposable | undefined;
    const manager = await new Promise<IWidgetManager>(resolve => {
      registration = registerWidgetManager(
        Private.context(connection),
        rendermime,
        // The manager is handed over as to a renderer that waits for it.
        [{ set manager(made: IWidgetManager) { resolve(made); } }] as never // prettier-ignore
      );
    });
    if (!manager.restoredStatus) {
      await new Promise<void>(resolve => {
        manager.restored.connect(() => resolve());
        connection.disposed.connect(() => resolve());
      });
    }
    return new WidgetKernel(connection, manager, rendermime, registration!);
  }

  private constructor(
    private _connection: KernelConnection,
    private _manager: IWidgetManager,
    private _rendermime: IRenderMimeRegistry,
    private _registration: IDisposable
  ) {
    _connection.disposed.connect(this.dispose, this);
  }

  /**
   * Emitted when the worker kernel has ended.
   */
  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._disposed.emit();
    this._registration.dispose();
    this._connection.dispose();
    Signal.clearData(this);
  }

  /**
   * Wait for a widget: an output may arrive before the widget that it shows.
   *
   * @returns whether there is one with this id
   */
  async has(id: string): Promise<boolean> {
    const isHere = () => !this._isDisposed && this._manager.has_model(id);
    if (isHere() || this._isDisposed) {
      return isHere();
    }
    return new Promise<boolean>(resolve => {
      const finish = () => {
        clearTimeout(timer);
        this._connection.iopubMessage.disconnect(onMessage);
        this._disposed.disconnect(finish);
        resolve(isHere());
      };
      const onMessage = (_: unknown, message: KernelMessage.IMessage) => {
        if (KernelMessage.isCommOpenMsg(message) && isHere()) {
          finish();
        }
      };
      const timer = setTimeout(finish, PATIENCE);
      this._connection.iopubMessage.connect(onMessage);
      this._disposed.connect(finish);
    });
  }

  /**
   * Show a widget.
   */
  async render(view: object): Promise<IRenderMime.IRenderer> {
    const renderer = this._rendermime.createRenderer(WIDGET_VIEW);
    // A copy, for the renderer notes in it that a widget was closed.
    const data = { [WIDGET_VIEW]: { ...view } as never };
    await renderer.renderModel(new MimeModel({ data, trusted: true }));
    return renderer;
  }

  private _disposed = new Signal<this, void>(this);
  private _isDisposed = false;
}

/**
 * A namespace for `WidgetKernel` statics.
 */
export namespace WidgetKernel {
  export interface IOptions {
    rendermime: IRenderMimeRegistry;
    serverSettings: ServerConnection.ISettings;
  }
}

/**
 * How long an output waits for its widget, in milliseconds.
 */
const PATIENCE = 10_000;

namespace Private {
  /**
   * Settings by which a kernel connection finds the kernels of our API.
   */
  export function settings(
    server: ServerConnection.ISettings
  ): ServerConnection.ISettings {
    const root = URLExt.join(API_PATH, '..');
    return ServerConnection.makeSettings({
      ...server,
      baseUrl: URLExt.join(server.baseUrl, root),
      wsUrl: URLExt.join(server.wsUrl, root)
    });
  }

  /**
   * What a widget manager uses of a document: here there is none, only a kernel.
   */
  export function context(
    kernel: KernelConnection
  ): DocumentRegistry.IContext<DocumentRegistry.IModel> {
    const sender = {};
    return {
      model: { getMetadata: () => undefined, setMetadata: () => undefined },
      saveState: new Signal(sender),
      sessionContext: {
        ready: Promise.resolve(),
        session: { kernel },
        kernelChanged: new Signal(sender),
        statusChanged: kernel.statusChanged,
        connectionStatusChanged: kernel.connectionStatusChanged
      },
      urlResolver: {
        resolveUrl: async (url: string) => url,
        getDownloadUrl: async (url: string) => url
      }
    } as never;
  }
}
