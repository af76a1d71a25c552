import { LabIcon } from '@jupyterlab/ui-components';

/**
 * Cells and what goes between them.
 */
export const graphIcon = new LabIcon({
  name: 'jupyterlab-dossier:graph',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16"><g class="jp-icon3 jp-icon-selectable" fill="none" stroke="#616161" stroke-width="1.5"><rect x="5" y="1.75" width="6" height="3.5" rx="1"/><rect x="1.25" y="10.75" width="5.5" height="3.5" rx="1"/><rect x="9.25" y="10.75" width="5.5" height="3.5" rx="1"/><path d="M8 5.5v2q0 .75-.75.75H4.75Q4 8.25 4 9v1.5M8 5.5v2q0 .75.75.75h2.5q.75 0 .75.75v1.5"/></g></svg>'
});
