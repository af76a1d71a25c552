import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ITargetsModel } from './tokens';

/**
 * Ask the user for a target.
 *
 * @returns the target, `null` for the default, `undefined` where the user cancels
 */
export async function askTarget(
  options: askTarget.IOptions
): Promise<string | null | undefined> {
  const { targets, trans, current, title, none } = options;
  await targets.refresh();
  const choices: { text: string; value: string | null }[] = [
    { text: none, value: null },
    ...targets.targets
      .filter(({ usable }) => usable)
      .map(({ name }) => ({ text: name, value: name }))
  ];
  const { value, button } = await InputDialog.getItem({
    title,
    label: trans.__('Target'),
    items: choices.map(({ text }) => text),
    current: Math.max(
      0,
      choices.findIndex(choice => choice.value === current)
    )
  });
  if (!button.accept) {
    return undefined;
  }
  return choices.find(({ text }) => text === value)?.value;
}

/**
 * A namespace for `askTarget` statics.
 */
export namespace askTarget {
  export interface IOptions {
    targets: ITargetsModel;
    trans: TranslationBundle;

    /**
     * What is set now.
     */
    current: string | null;
    title: string;

    /**
     * The text of the choice that takes the target away.
     */
    none: string;
  }
}
