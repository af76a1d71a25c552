import type { INotebookModel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';

/**
 * Asks the user before the first run of a notebook on a target that costs.
 */
export interface ICosts {
  /**
   * Whether a notebook may run on a target: `true` where nobody has to be asked, else the answer.
   *
   * The user is asked once for a notebook and target in a session; a refusal is not remembered.
   */
  permit(notebook: INotebookModel, target: string): true | Promise<boolean>;
}

/**
 * The costs token.
 */
export const ICosts = new Token<ICosts>(
  'jupyterlab-dossier:ICosts',
  'Asks the user before the first run of a notebook on a target that costs.'
);
