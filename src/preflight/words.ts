import { numbered, type Problem } from '../api';

/**
 * A problem and what to do about it, as it stands on its cell.
 */
export function problemWords({ message, action }: Problem): string {
  return numbered(action ? `${message}. ${action}` : message);
}

/**
 * Whether one of the problems keeps the cells from being run.
 */
export function isRefused(problems: readonly Problem[]): boolean {
  return problems.some(({ level }) => level === 'error');
}
