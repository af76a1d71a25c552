import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IApiClient, OpenedInputs } from '../api';
import type { NotebookRuns } from '../run';

/**
 * Load what a cell was given in a run into the notebook's kernel, and say what was loaded.
 */
export async function openInputs(options: openInputs.IOptions): Promise<void> {
  const { api, cell, panel, path, run, runs, trans } = options;
  const kernel = panel.sessionContext.session?.kernel?.id;
  if (!kernel) {
    Notification.warning(
      trans.__('The notebook has no kernel to open the inputs in: start one.')
    );
    return;
  }
  const load = (replace?: boolean) =>
    // In its turn among the cells that run one by one.
    runs.queue.add(
      () =>
        runs.load(
          kernel,
          cell,
          api.openInputs({
            kernel,
            path,
            run,
            cell,
            ...(replace === undefined ? {} : { replace })
          })
        ),
      { stopOnError: false }
    );
  let opened = await load();
  if (opened?.differing.length) {
    const replace = await Private.ask(opened.differing, trans);
    if (replace === null) {
      return;
    }
    opened = await load(replace);
  }
  if (opened && !opened.stopped) {
    Private.tell(opened, trans);
  }
}

/**
 * A namespace for `openInputs` statics.
 */
export namespace openInputs {
  export interface IOptions {
    api: IApiClient;
    cell: string;
    panel: NotebookPanel;
    path: string;
    run: string;
    runs: NotebookRuns;
    trans: TranslationBundle;
  }
}

namespace Private {
  /**
   * Ask what is to be done with names that have another value.
   *
   * @returns whether they are overwritten; `null` where nothing is to be done at all
   */
  export async function ask(
    names: readonly string[],
    trans: TranslationBundle
  ): Promise<boolean | null> {
    const keep = Dialog.okButton({
      label: trans.__('Keep mine'),
      caption: trans.__('Open the other inputs only')
    });
    const overwrite = Dialog.warnButton({ label: trans.__('Overwrite') });
    const { button } = await showDialog({
      title: trans.__('Overwrite variables of the kernel?'),
      body: trans.__(
        'These may have another value now than the cell was given: %1',
        names.join(', ')
      ),
      buttons: [Dialog.cancelButton(), keep, overwrite]
    });
    if (!button.accept) {
      return null;
    }
    return button.label === overwrite.label;
  }

  export function tell(
    { loaded, refused }: OpenedInputs,
    trans: TranslationBundle
  ): void {
    const words = [
      loaded.length
        ? trans.__('Opened in the kernel: %1', loaded.join(', '))
        : trans.__('Nothing was opened in the kernel.'),
      ...refused.map(({ name, why }) =>
        trans.__('%1 cannot be opened: %2', name, why)
      )
    ];
    Notification.emit(
      words.join('\n'),
      refused.length ? 'warning' : 'success',
      { autoClose: refused.length ? false : 10000 }
    );
  }
}
