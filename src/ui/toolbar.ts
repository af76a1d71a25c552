import { CommandToolbarButton } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

/**
 * A button of our toolbars.
 *
 * JupyterLab's own, where it takes the focus when clicked, executes its command twice on Enter: for
 * the key, and for the click that the browser makes of it.
 */
export function toolbarButton(
  commands: CommandRegistry,
  id: string,
  label: string,
  args: ReadonlyJSONObject = {}
): CommandToolbarButton {
  return new CommandToolbarButton({
    commands,
    id,
    label,
    args,
    noFocusOnClick: true
  });
}
