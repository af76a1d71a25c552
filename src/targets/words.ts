import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';

/**
 * The value of an option in a line: `A=1, B=2` of a map, its items one after the other of a list.
 */
export function valueWords(value: ReadonlyPartialJSONValue): string {
  if (Array.isArray(value)) {
    return value.map(item => valueWords(item as typeof value)).join('; ');
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value)
        .filter(([, one]) => one !== undefined)
        .map(([name, one]) => `${name}=${valueWords(one!)}`)
        .join(', ')
    : String(value);
}
