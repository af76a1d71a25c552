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
  const dialog = new OptionsDialog(
    {
      title,
      body: form,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Set') })
      ],
      focusNodeSelector: 'input, select, textarea'
    },
    form
  );
  dialog.addClass('jp-DossierOptionsDialog');
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

/**
 * A dialog that stays while something in its form is wrong, and leaves the form its keys.
 */
class OptionsDialog extends Dialog<unknown> {
  constructor(
    options: Partial<Dialog.IOptions<unknown>>,
    private _form: OptionsForm
  ) {
    super(options);
  }

  override handleEvent(event: Event): void {
    const target = event.target as Element | null;
    const isPress =
      event instanceof KeyboardEvent && !['Escape', 'Tab'].includes(event.key);
    if (
      isPress &&
      this._form.node.contains(target) &&
      target?.closest('button, summary')
    ) {
      return;
    }
    super.handleEvent(event);
  }

  override resolve(index: number = SET): void {
    if (index === SET && this._form.value === null) {
      this._form.showWrong();
    } else {
      super.resolve(index);
    }
  }
}

/**
 * The place of the button that sets the options.
 */
const SET = 1;
