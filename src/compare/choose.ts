import { InputDialog } from '@jupyterlab/apputils';
import { PathExt, Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IApiClient, RunSummary } from '../api';
import { stateWord, took } from '../ui/words';

/**
 * Ask which of the other runs of its notebook a run is to be compared with.
 *
 * @returns its id, `null` if the user chose none
 * @throws where there is no other
 */
export async function chooseOther(
  options: chooseOther.IOptions
): Promise<string | null> {
  const { api, run, trans } = options;
  const { created, kind, path } = await api.show(run);
  // The newest, and those before the run: an old one has its neighbours, too.
  const pages = [
    await api.runs({ path }),
    await api.runs({ path, before: run })
  ];
  const known = new Map(
    pages.flatMap(({ runs }) => runs).map(other => [other.run, other])
  );
  known.delete(run);
  const others = [...known.values()].sort((a, b) => b.created - a.created);
  if (!others.length) {
    throw new Error(
      trans.__('There is no other run of %1.', PathExt.basename(path))
    );
  }
  const labels = others.map(other => describe(other, trans));
  // Most often what is asked is what became otherwise since the last time.
  const before = others.findIndex(
    other => other.kind === kind && other.created < created
  );
  const { button, value } = await InputDialog.getItem({
    title: trans.__('Compare with which run of %1?', PathExt.basename(path)),
    label: trans.__('The other run'),
    items: labels,
    current: Math.max(before, 0),
    okLabel: trans.__('Compare')
  });
  if (!button.accept || value === null) {
    return null;
  }
  return others[labels.indexOf(value)]?.run ?? null;
}

/**
 * A namespace for `chooseOther` statics.
 */
export namespace chooseOther {
  export interface IOptions {
    api: IApiClient;
    run: string;
    trans: TranslationBundle;
  }
}

/**
 * A run in a line, which is that of no other.
 */
function describe(run: RunSummary, trans: TranslationBundle): string {
  const { created, ended, kind, state } = run;
  return [
    Time.format(new Date(1000 * created)),
    kind === 'workflow' ? trans.__('workflow') : trans.__('one cell'),
    stateWord(state, trans),
    ended === null ? null : took(ended - created, trans),
    run.run
  ]
    .filter(Boolean)
    .join(' · ');
}
