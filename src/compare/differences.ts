import type { Comparison } from '../api';

export type ComparedCell = Comparison['cells'][number];

/**
 * In what a cell differs between two runs; `missing` where only one of them has it.
 */
export type Difference =
  'missing' | 'code' | 'inputs' | 'outputs' | 'state' | 'target';

/**
 * A cell that differs, or cells in a row that do not.
 */
export type Group =
  | { isSame: false; cell: ComparedCell }
  | { isSame: true; cells: ComparedCell[] };

/**
 * In what a cell differs.
 */
export function differencesOf(cell: ComparedCell): Difference[] {
  const { left, right } = cell;
  const found: Difference[] = [];
  if (!left !== !right) {
    found.push('missing');
  }
  if (cell.code.length) {
    found.push('code');
  }
  if (cell.inputs.some(({ same }) => !same)) {
    found.push('inputs');
  }
  if (cell.outputs.length) {
    found.push('outputs');
  }
  if (left && right) {
    if (ending(left.state) !== ending(right.state)) {
      found.push('state');
    }
    if (left.target !== right.target) {
      found.push('target');
    }
  }
  return found;
}

/**
 * The cells in their order, those in a row that are the same together.
 */
export function grouped(cells: readonly ComparedCell[]): Group[] {
  const groups: Group[] = [];
  for (const cell of cells) {
    const last = groups[groups.length - 1];
    if (differencesOf(cell).length) {
      groups.push({ isSame: false, cell });
    } else if (last?.isSame) {
      last.cells.push(cell);
    } else {
      groups.push({ isSame: true, cells: [cell] });
    }
  }
  return groups;
}

/**
 * How many lines a unified difference adds and takes away.
 */
export function changedLines(code: readonly string[]): {
  added: number;
  removed: number;
} {
  return {
    added: code.filter(line => line.startsWith('+')).length,
    removed: code.filter(line => line.startsWith('-')).length
  };
}

/**
 * A result that was taken from another run is as good as its own.
 */
function ending(state: string): string {
  return state === 'reused' ? 'done' : state;
}
