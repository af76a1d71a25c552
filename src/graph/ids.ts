/**
 * The ids of the commands of the graph.
 */
export namespace GraphCommandIDs {
  export const show = 'dossier:show-graph';
  export const fit = 'dossier:fit-graph';
  export const zoomIn = 'dossier:zoom-in-graph';
  export const zoomOut = 'dossier:zoom-out-graph';
  export const fold = 'dossier:fold-graph';
  export const critical = 'dossier:show-critical-path';
  export const table = 'dossier:show-graph-as-table';
  export const openRun = 'dossier:open-run-of-cell';
}
