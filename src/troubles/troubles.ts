import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ApiError } from '../api';
import { problemWords } from '../preflight';
import type { ITroubles } from './tokens';

/**
 * Troubles as notifications.
 */
export class Troubles implements ITroubles {
  constructor(trans: TranslationBundle) {
    this._trans = trans;
  }

  report(error: unknown): string {
    const words = this.words(error);
    if (error instanceof ApiError && error.problems.length) {
      return words; // they stand on their cells
    }
    const isStanding =
      error instanceof ApiError &&
      (error.kind === 'missing' || error.kind === 'mismatch');
    if (isStanding && this._told.has(error.kind)) {
      return words;
    }
    if (isStanding) {
      this._told.add(error.kind);
    }
    Notification.error(words, { autoClose: isStanding ? false : undefined });
    return words;
  }

  words(error: unknown): string {
    const trans = this._trans;
    if (!(error instanceof ApiError)) {
      return error instanceof Error ? error.message : String(error);
    }
    switch (error.kind) {
      case 'missing':
        return trans.__(
          'Dossier’s server extension does not answer. Install and enable it with “pip install jupyterlab-dossier” in the environment of the Jupyter server, then restart the server. Until then cells run in the kernel only.'
        );
      case 'mismatch':
        return trans.__(
          'Dossier’s server extension and this page do not fit together. Restart the server and reload the page after an update.'
        );
      case 'offline':
        return trans.__(
          'The Jupyter server cannot be reached: %1',
          error.message
        );
      default:
        return error.problems.length
          ? error.problems
              .filter(({ level }) => level === 'error')
              .map(problemWords)
              .join('\n')
          : error.message;
    }
  }

  private _told = new Set<ApiError.Kind>();
  private _trans: TranslationBundle;
}
