import type { IDossierSettings } from '../settings';

/**
 * Whether a run that took so many milliseconds is to be told.
 */
export function isLong(took: number, { values }: IDossierSettings): boolean {
  return values.notifyAfter > 0 && took >= 1000 * values.notifyAfter;
}
