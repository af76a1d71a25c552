import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Loading } from '../api';
import { size } from '../ui/words';
import type { NotebookRuns } from './notebookruns';

/**
 * How long a load may take before it is shown, and how often it is looked after, in milliseconds.
 */
const PATIENCE = 500;

/**
 * Show how far a load is, with a button to stop it, until it ends.
 */
export async function showLoading(
  load: NotebookRuns.ILoad,
  trans: TranslationBundle
): Promise<void> {
  let shown: string | null = null;
  const ended = load.answer.then(
    () => true,
    () => true
  );
  try {
    while (!(await Promise.race([ended, Private.wait(PATIENCE)]))) {
      const loading = await load.look();
      if (loading.names.length === 0) {
        continue;
      }
      const message = Private.words(loading, trans);
      const progress = loading.done / Math.max(loading.bytes, 1);
      if (shown === null) {
        shown = Notification.emit(message, 'in-progress', {
          autoClose: false,
          progress,
          actions: [
            {
              label: trans.__('Cancel'),
              caption: trans.__('Load no more, and do not run the cell'),
              callback: () => void load.stop().catch(console.error)
            }
          ]
        });
      } else {
        Notification.update({ id: shown, message, progress });
      }
    }
  } finally {
    if (shown !== null) {
      Notification.dismiss(shown);
    }
  }
}

namespace Private {
  export function wait(milliseconds: number): Promise<false> {
    return new Promise(resolve => {
      setTimeout(() => resolve(false), milliseconds);
    });
  }

  export function words(
    { names, bytes, done }: Loading,
    trans: TranslationBundle
  ): string {
    const percent = Math.floor((100 * done) / Math.max(bytes, 1));
    return trans.__(
      'Loading %1 (%2) into the kernel… %3 %',
      names.slice(0, NAMES).join(', ') + (names.length > NAMES ? ', …' : ''),
      size(bytes, trans),
      percent
    );
  }

  /**
   * How many names are told.
   */
  const NAMES = 3;
}
