import type { INotebookModel } from '@jupyterlab/notebook';
import type { IStateDB } from '@jupyterlab/statedb';

import { KERNEL, notebookId } from '../notebook';
import type { IDossierSettings } from '../settings';
import type { ITargetsModel } from '../targets';
import type { ICosts } from './tokens';

/**
 * Remembers what the user permitted: for the session, or for good where they say so.
 */
export class Costs implements ICosts {
  constructor(options: Costs.IOptions) {
    this._options = options;
  }

  permit(notebook: INotebookModel, target: string): true | Promise<boolean> {
    if (target === KERNEL || !this._options.settings.values.askBeforeCostly) {
      return true;
    }
    let answers = this._answers.get(notebook);
    if (!answers) {
      answers = new Map();
      this._answers.set(notebook, answers);
    }
    const known = answers.get(target);
    if (known) {
      return known;
    }
    // Cells that are run together ask together.
    const asked = this._permit(notebook, target).then(
      permitted => {
        if (permitted) {
          answers.set(target, true);
        } else {
          answers.delete(target);
        }
        return permitted;
      },
      error => {
        answers.delete(target);
        throw error;
      }
    );
    answers.set(target, asked);
    return asked;
  }

  private async _permit(
    notebook: INotebookModel,
    target: string
  ): Promise<boolean> {
    const { ask, state, targets } = this._options;
    await targets.refresh();
    if (
      !targets.targets.some(({ name, costly }) => name === target && costly)
    ) {
      return true;
    }
    const id = notebookId(notebook);
    const key = `${STATE_KEY}:${id}`;
    const saved = id && (await state?.fetch(key));
    const permitted = Array.isArray(saved) ? saved : [];
    if (permitted.includes(target)) {
      return true;
    }
    const answer = await ask(target);
    if (answer === 'always' && id) {
      await state?.save(key, [...permitted, target]);
    }
    return answer !== 'no';
  }

  private _answers = new WeakMap<
    INotebookModel,
    Map<string, true | Promise<boolean>>
  >();
  private _options: Costs.IOptions;
}

/**
 * A namespace for `Costs` statics.
 */
export namespace Costs {
  export interface IOptions {
    /**
     * Ask whether to run on a target that costs: now, or in this notebook always.
     */
    ask: (target: string) => Promise<'yes' | 'always' | 'no'>;
    settings: IDossierSettings;
    state: IStateDB | null;
    targets: ITargetsModel;
  }
}

const STATE_KEY = 'jupyterlab-dossier:permitted';
