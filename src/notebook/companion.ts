import type { NotebookPanel } from '@jupyterlab/notebook';
import { AttachedProperty } from '@lumino/properties';
import type { Widget } from '@lumino/widgets';

/**
 * The notebook that a widget of the main area is about, as its graph is: what acts on the current
 * notebook acts on that one while the widget is the current one.
 */
export const companionProperty = new AttachedProperty<
  Widget,
  NotebookPanel | null
>({ name: 'dossierNotebook', create: () => null });
