import type { KeyboardEvent } from 'react';

/**
 * Choose another row of a table by a key; each row has a button that takes the focus.
 *
 * @param rows - the ids of all rows, in order
 * @returns whether the key was one of these
 */
export function goByKey(
  event: KeyboardEvent,
  rows: readonly string[],
  chosen: string | null,
  choose: (row: string) => void
): boolean {
  const at = chosen === null ? -1 : rows.indexOf(chosen);
  const to = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: rows.length - 1
  }[event.key];
  if (to === undefined || rows[to] === undefined) {
    return false;
  }
  event.preventDefault();
  choose(rows[to]);
  return true;
}

/**
 * Give the focus to the button of a row, whose `data-row` is its id; else to the first.
 */
export function focusRow(table: HTMLElement, chosen: string | null): void {
  const buttons = table.querySelectorAll<HTMLElement>('button');
  const button = Array.from(buttons).find(it => it.dataset.row === chosen);
  (button ?? buttons[0])?.focus();
}
