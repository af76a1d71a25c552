/**
 * What is used of ipywidgets' labextension, which need not be installed.
 */
declare module '@jupyter-widgets/jupyterlab-manager' {
  import type { DocumentRegistry } from '@jupyterlab/docregistry';
  import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
  import type { IDisposable } from '@lumino/disposable';
  import type { ISignal } from '@lumino/signaling';

  export interface IWidgetManager {
    readonly restored: ISignal<IWidgetManager, void>;
    readonly restoredStatus: boolean;
    has_model(id: string): boolean;
  }

  /**
   * Make a manager for the kernel of a context, known to a registry and to some renderers.
   */
  export function registerWidgetManager(
    context: DocumentRegistry.IContext<DocumentRegistry.IModel>,
    rendermime: IRenderMimeRegistry,
    renderers: Iterable<{ manager: IWidgetManager }>
  ): IDisposable;
}
