import type { NotebookPanel } from '@jupyterlab/notebook';

/**
 * Bring a cell into view and make it the active one.
 */
export function showCell(panel: NotebookPanel, id: string): void {
  const notebook = panel.content;
  const index = notebook.widgets.findIndex(cell => cell.model.id === id);
  if (panel.isDisposed || index < 0) {
    return;
  }
  // Shows the panel's tab.
  panel.activate();
  notebook.activeCellIndex = index;
  notebook.scrollToItem(index, 'center').catch(console.error);
}
