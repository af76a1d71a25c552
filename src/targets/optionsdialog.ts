import { Dialog } from '@jupyterlab/apputils';

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import { OptionsForm } from './form';

/**
 * Ask the user for the options of a target.
 *
 * @returns the options; `null` where the user cancels
 */
export async function askOptions(
  options: askOptions.IOptions
): Promise<ReadonlyJSONObject | null> {
  const { title, trans } = options;
  const form = new OptionsForm(options);
  const dialog = new Dialog<unknown>({
    title,
    body: form,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Set') })
    ],
    focusNodeSelector: 'input, select, textarea'
  });
  const { button } = await dialog.launch();
  return button.accept ? form.value : null;
}

/**
 * A namespace for `askOptions` statics.
 */
export namespace askOptions {
  export interface IOptions extends OptionsForm.IOptions {
    title: string;
    trans: TranslationBundle;
  }
}
