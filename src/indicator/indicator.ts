import type { INotebookModel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { codeCells } from '../notebook';
import type { NotebookRuns } from '../run';
import { stateIcons } from '../ui/icons';

/**
 * Says in the notebook's toolbar which cell runs elsewhere: the kernel's indicator cannot know.
 *
 * It stands behind the toolbar's spacer, so that nothing moves when it comes and goes.
 */
export class Indicator extends Widget {
  constructor(options: Indicator.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-DossierIndicator');
    this.node.setAttribute('role', 'status');
    this.node.setAttribute(
      'aria-label',
      options.trans.__('Cells that run elsewhere')
    );
    options.runs.changed.connect(this._refresh, this);
    this._refresh();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.runs.changed.disconnect(this._refresh, this);
    super.dispose();
  }

  private _refresh(): void {
    const { notebook, runs, trans } = this._options;
    const cells = codeCells(notebook);
    const { running } = runs;
    if (!running || !cells.has(running.cell)) {
      this.node.replaceChildren();
      this.node.title = '';
      return;
    }
    const icon = stateIcons.running.element({
      tag: 'span',
      className: 'jp-DossierIndicator-icon'
    });
    icon.setAttribute('aria-hidden', 'true');
    const words = document.createElement('span');
    words.textContent = trans.__(
      'Code cell %1 runs on %2',
      Array.from(cells.keys()).indexOf(running.cell) + 1,
      running.target
    );
    this.node.title = words.textContent;
    this.node.replaceChildren(icon, words);
  }

  private _options: Indicator.IOptions;
}

/**
 * A namespace for `Indicator` statics.
 */
export namespace Indicator {
  export interface IOptions {
    notebook: INotebookModel;
    runs: NotebookRuns;
    trans: TranslationBundle;
  }
}
