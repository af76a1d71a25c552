import { InputDialog, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IApiClient } from '../api';
import { size } from '../ui/words';

/**
 * Ask how old runs may be, remove older ones, and tell what came of it.
 *
 * @returns whether anything was asked of the server
 */
export async function cleanStorage(
  options: cleanStorage.IOptions
): Promise<boolean> {
  const { api, trans } = options;
  const { limits } = await api.storage();
  const { button, value } = await InputDialog.getNumber({
    title: trans.__('Clean storage of runs'),
    label: trans.__(
      'Remove runs that ended more than so many days ago. The last run of each notebook, and of each cell that ran by itself, stays.'
    ),
    value: limits.days,
    okLabel: trans.__('Clean')
  });
  if (!button.accept || value === null) {
    return false;
  }
  if (!(value >= 0)) {
    throw new Error(trans.__('The age must be a number of days from 0.'));
  }
  const { freed, runs } = await api.clean(value);
  Notification.success(
    trans._n(
      '%1 run was removed, and %2 were freed.',
      '%1 runs were removed, and %2 were freed.',
      runs.length,
      size(freed, trans)
    ),
    { autoClose: 5000 }
  );
  return true;
}

/**
 * A namespace for `cleanStorage` statics.
 */
export namespace cleanStorage {
  export interface IOptions {
    api: IApiClient;
    trans: TranslationBundle;
  }
}
