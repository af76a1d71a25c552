import { LabIcon } from '@jupyterlab/ui-components';

import type { TaskState } from '../api';

/**
 * An icon of 16 by 16 in the colour of the text around it.
 */
export function lineIcon(name: string, body: string): LabIcon {
  return new LabIcon({
    name: `jupyterlab-dossier:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${body}</svg>`
  });
}

const waiting = lineIcon(
  'waiting',
  '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>'
);
const running = lineIcon('running', '<path d="M8 2a6 6 0 1 1-6 6"/>');
const done = lineIcon('done', '<path d="m3 8.5 3.5 3.5L13 4.5"/>');
const reused = lineIcon(
  'reused',
  '<path d="M13 8a5 5 0 1 1-1.5-3.5"/><path d="M12 2v3H9"/>'
);
const failed = lineIcon('failed', '<path d="m4 4 8 8m0-8-8 8"/>');
const skipped = lineIcon('skipped', '<path d="m3 4 5 4-5 4m6-8v8"/>');
const cancelled = lineIcon(
  'cancelled',
  '<circle cx="8" cy="8" r="6"/><path d="m4 12 8-8"/>'
);
const lost = lineIcon(
  'lost',
  '<path d="M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7"/><path d="M8 13h.01"/>'
);

/**
 * The icon of each task state.
 */
export const stateIcons: Record<TaskState, LabIcon> = {
  queued: waiting,
  preparing: waiting,
  starting: running,
  running,
  collecting: running,
  done,
  reused,
  failed,
  skipped,
  cancelled,
  lost
};

/**
 * The icons of what preflight finds.
 */
export const problemIcons: Record<'error' | 'warning', LabIcon> = {
  error: lineIcon(
    'error',
    '<circle cx="8" cy="8" r="6"/><path d="M8 5v3.5M8 11h.01"/>'
  ),
  warning: lineIcon(
    'warning',
    '<path d="M8 2.5 14 13H2zM8 6.5v3M8 11.25h.01"/>'
  )
};

/**
 * From an earlier cell.
 */
export const upstreamIcon = lineIcon(
  'upstream',
  '<path d="M8 13V4M4.5 7 8 3.5 11.5 7"/>'
);

/**
 * Three tasks, the last of which needs the two others.
 */
export const workflowIcon = new LabIcon({
  name: 'jupyterlab-dossier:workflow',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16"><g class="jp-icon3" fill="none" stroke="#616161" stroke-width="1.5"><path d="M5.5 4H8q2 0 2 2v0q0 2 2 2h-1.5M5.5 12H8q2 0 2-2"/></g><g class="jp-icon3" fill="#616161"><circle cx="4" cy="4" r="2.25"/><circle cx="4" cy="12" r="2.25"/><path d="m10.25 5.25 4 2.75-4 2.75z"/></g></svg>'
});

/**
 * A place where cells run.
 */
export const targetIcon = new LabIcon({
  name: 'jupyterlab-dossier:target',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16"><g class="jp-icon3" fill="none" stroke="#616161" stroke-width="1.5"><rect x="2" y="2.5" width="12" height="4.5" rx="1"/><rect x="2" y="9" width="12" height="4.5" rx="1"/></g><g class="jp-icon3" fill="#616161"><circle cx="4.75" cy="4.75" r="1"/><circle cx="4.75" cy="11.25" r="1"/></g></svg>'
});

/**
 * A run beside the time that it took.
 */
export const runsIcon = new LabIcon({
  name: 'jupyterlab-dossier:runs',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16"><g class="jp-icon3 jp-icon-selectable" fill="none" stroke="#616161" stroke-width="1.5"><path d="M4.75 3.5H14M4.75 8h4M4.75 12.5h3"/><circle cx="11.75" cy="11" r="3"/><path d="M11.75 9.5V11l1 .75"/></g><g class="jp-icon3 jp-icon-selectable" fill="#616161"><circle cx="2.25" cy="3.5" r="1"/><circle cx="2.25" cy="8" r="1"/><circle cx="2.25" cy="12.5" r="1"/></g></svg>'
});

/**
 * Two runs beside each other.
 */
export const compareIcon = new LabIcon({
  name: 'jupyterlab-dossier:compare',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16"><g class="jp-icon3 jp-icon-selectable" fill="none" stroke="#616161" stroke-width="1.5"><rect x="1.75" y="2.5" width="5" height="11" rx="1"/><rect x="9.25" y="2.5" width="5" height="11" rx="1"/><path d="M3.5 6h1.5M11 6h1.5M11.75 9v2.5M10.5 10.25H13M3.25 10.25h2"/></g></svg>'
});

/**
 * A run that is looked at again.
 */
export const verifyIcon = new LabIcon({
  name: 'jupyterlab-dossier:verify',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16"><g class="jp-icon3 jp-icon-selectable" fill="none" stroke="#616161" stroke-width="1.5"><circle cx="7" cy="7" r="4.75"/><path d="m10.5 10.5 3.75 3.75M5 7l1.5 1.5L9.25 5.75"/></g></svg>'
});
