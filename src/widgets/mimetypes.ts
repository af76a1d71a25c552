/**
 * The view of a widget, as ipywidgets has it.
 */
export const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json';

/**
 * Beside a view: the worker kernel that the widget lives in.
 */
export const WIDGET_PLACE = 'application/vnd.jupyterlab-dossier.widget+json';
