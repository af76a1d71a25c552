import { Token } from '@lumino/coreutils';

/**
 * Tells the user what went wrong with the server half.
 */
export interface ITroubles {
  /**
   * Tell the user. That the server half is missing, or another one, is told once.
   *
   * @returns the words
   */
  report(error: unknown): string;

  /**
   * The words without telling them.
   */
  words(error: unknown): string;
}

/**
 * The troubles token.
 */
export const ITroubles = new Token<ITroubles>(
  'jupyterlab-dossier:ITroubles',
  'Tells the user, in words and without repeating itself, what went wrong with the server half.'
);
