import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { numbered, type Problem } from '../api';
import { problemIcons } from '../ui/icons';
import { isRefused } from './words';

/**
 * Say what is wrong with one cell.
 */
export async function showProblems(
  problems: readonly Problem[],
  trans: TranslationBundle
): Promise<void> {
  await showDialog({
    title: trans.__('Problems of this cell'),
    body: new ProblemList(problems, null),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}

/**
 * Say what is wrong with the cells of a workflow.
 *
 * @returns whether to run it all the same, or the cell that is to be shown
 */
export async function askWorkflow(
  problems: readonly Problem[],
  trans: TranslationBundle
): Promise<{ run: boolean; show: string | null }> {
  const isOver = isRefused(problems);
  const { button } = await showDialog({
    title: isOver
      ? trans.__('This workflow would fail')
      : trans.__('Run this workflow?'),
    body: new ProblemList(problems, index => trans.__('Cell %1', index + 1)),
    buttons: isOver
      ? [
          Dialog.cancelButton({ label: trans.__('Close') }),
          Dialog.okButton({ label: trans.__('Show cell') })
        ]
      : [
          Dialog.cancelButton({ label: trans.__('Do Not Run') }),
          Dialog.okButton({ label: trans.__('Run anyway') })
        ],
    defaultButton: 1
  });
  if (!button.accept) {
    return { run: false, show: null };
  }
  const error = problems.find(({ level }) => level === 'error');
  return { run: !isOver, show: error?.cell ?? null };
}

/**
 * Problems as a list, errors first.
 */
class ProblemList extends Widget {
  constructor(
    problems: readonly Problem[],
    nameOf: ((index: number) => string) | null
  ) {
    super({ node: document.createElement('ul') });
    this.addClass('jp-DossierProblems');
    const rank = ({ level }: Problem) => (level === 'error' ? 0 : 1);
    for (const problem of [...problems].sort((a, b) => rank(a) - rank(b))) {
      const item = document.createElement('li');
      item.dataset.level = problem.level;
      const icon = problemIcons[problem.level].element({
        tag: 'span',
        className: 'jp-DossierNotes-icon'
      });
      icon.setAttribute('aria-hidden', 'true');
      const message = document.createElement('div');
      const cell = nameOf?.(problem.index);
      const words = numbered(problem.message);
      message.textContent = cell ? `${cell}: ${words}` : words;
      const action = document.createElement('div');
      action.className = 'jp-DossierProblems-action';
      action.textContent = numbered(problem.action);
      const text = document.createElement('div');
      text.append(message, action);
      item.append(icon, text);
      this.node.append(item);
    }
  }
}
