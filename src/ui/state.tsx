import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { TaskState } from '../api';
import { stateIcons } from './icons';
import { stateWord } from './words';

/**
 * The state of a run or a task: an icon, a word and a colour.
 */
export function State({
  state,
  trans
}: {
  state: TaskState;
  trans: TranslationBundle;
}): JSX.Element {
  const Icon = stateIcons[state].react;
  return (
    <span className="jp-DossierState" data-state={state}>
      <span className="jp-DossierState-icon" aria-hidden="true">
        <Icon tag={null} />
      </span>
      <span className="jp-DossierState-word">{stateWord(state, trans)}</span>
    </span>
  );
}
