import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { Target } from '../api';

/**
 * The targets that the server knows, asked for when somebody first wants to see them.
 */
export interface ITargetsModel {
  /**
   * What is known now; `kernel` and `local` before the server was asked.
   */
  readonly targets: readonly Target[];

  /**
   * Emitted when `targets` changed.
   */
  readonly changed: ISignal<ITargetsModel, void>;

  /**
   * Ask the server, unless it was asked a moment ago. Never rejects: a server half that is not
   * there is told to the user once.
   *
   * @param isForced - whether to ask even so
   */
  refresh(isForced?: boolean): Promise<void>;
}

/**
 * The targets token.
 */
export const ITargetsModel = new Token<ITargetsModel>(
  'jupyterlab-dossier:ITargetsModel',
  'The targets that cells can run on, and whether this user may use them now.'
);
