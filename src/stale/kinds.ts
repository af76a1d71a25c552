import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';

import type { StaleKind } from '../dataflow';
import { lineIcon, upstreamIcon } from '../ui/icons';

/**
 * The icon of each reason for which a cell must run again.
 */
export const staleIcons: Record<StaleKind, LabIcon> = {
  'never-run': lineIcon('never-run', '<path d="M5 3.5v9l7-4.5z"/>'),
  edited: lineIcon('edited', '<path d="m3 13 1-3 7-7 2 2-7 7zM9.5 4.5l2 2"/>'),
  upstream: upstreamIcon,
  unfinished: lineIcon(
    'unfinished',
    '<circle cx="8" cy="8" r="6"/><path d="M8 5v3.5M8 11h.01"/>'
  )
};

/**
 * The word for why a cell must run again.
 */
export function staleWord(kind: StaleKind, trans: TranslationBundle): string {
  switch (kind) {
    case 'never-run':
      return trans.__('not run');
    case 'edited':
      return trans.__('edited');
    case 'upstream':
      return trans.__('upstream');
    case 'unfinished':
      return trans.__('not done');
  }
}
