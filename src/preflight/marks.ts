import type { TranslationBundle } from '@jupyterlab/translation';

import { numbered, type Problem } from '../api';
import { problemIcons } from '../ui/icons';
import { isRefused, problemWords } from './words';

/**
 * The place in a strip where the notes of its cell stand: a button that says them all.
 */
export class NoteMarks {
  constructor(private _trans: TranslationBundle) {
    this.node = document.createElement('div');
    this.node.className = 'jp-DossierNotes';
    this.node.hidden = true;
  }

  readonly node: HTMLElement;

  /**
   * Show the notes.
   */
  setNotes(problems: readonly Problem[]): void {
    this.node.hidden = !problems.length;
    if (!problems.length) {
      this.node.replaceChildren();
      return;
    }
    const trans = this._trans;
    const level = isRefused(problems) ? 'error' : 'warning';
    const words = problems.map(problemWords).join('\n');
    const kind =
      level === 'error'
        ? trans.__('Not run')
        : trans._n('%1 warning', '%1 warnings', problems.length);
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'jp-DossierNotes-button';
    button.dataset.level = level;
    button.title = words;
    button.setAttribute('aria-label', `${kind}: ${words}`);
    button.addEventListener('click', () => {
      import('./dialog').then(
        ({ showProblems }) => showProblems(problems, trans),
        console.error
      );
    });
    const icon = problemIcons[level].element({
      tag: 'span',
      className: 'jp-DossierNotes-icon'
    });
    icon.setAttribute('aria-hidden', 'true');
    const text = document.createElement('span');
    text.className = 'jp-DossierNotes-text';
    text.textContent = `${kind}: ${numbered(problems[0].message)}`;
    button.replaceChildren(icon, text);
    this.node.replaceChildren(button);
  }
}
