import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * Ask whether to run on a target that costs.
 */
export async function askCostly(
  target: string,
  trans: TranslationBundle
): Promise<'yes' | 'always' | 'no'> {
  const { button, isChecked } = await showDialog({
    title: trans.__('Run on %1?', target),
    body: trans.__(
      'Runs on the target %1 cost money or quota. This is the first one of this notebook since it was opened.',
      target
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Do Not Run') }),
      Dialog.okButton({ label: trans.__('Run') })
    ],
    checkbox: {
      label: trans.__('Do not ask again for this notebook'),
      checked: false
    }
  });
  if (!button.accept) {
    return 'no';
  }
  return isChecked ? 'always' : 'yes';
}
