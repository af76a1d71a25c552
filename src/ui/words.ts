import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';

import type { TaskState } from '../api';

/**
 * How long something took, in words.
 */
export function took(seconds: number, trans: TranslationBundle): string {
  if (seconds < 1) {
    return trans.__('%1 ms', Math.round(1000 * seconds));
  }
  if (seconds < 59.95) {
    return trans.__('%1 s', seconds.toFixed(1));
  }
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? trans.__('%1 min %2 s', minutes, whole % 60)
    : trans.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
}

/**
 * A number of bytes in words.
 */
export function size(bytes: number, trans: TranslationBundle): string {
  if (bytes < 1024) {
    return trans._n('%1 byte', '%1 bytes', bytes);
  }
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/**
 * The word for a task state.
 */
export function stateWord(state: TaskState, trans: TranslationBundle): string {
  switch (state) {
    case 'queued':
      return trans.__('queued');
    case 'preparing':
      return trans.__('preparing');
    case 'starting':
      return trans.__('starting');
    case 'running':
      return trans.__('running');
    case 'collecting':
      return trans.__('collecting');
    case 'done':
      return trans.__('done');
    case 'reused':
      return trans.__('reused');
    case 'failed':
      return trans.__('failed');
    case 'skipped':
      return trans.__('skipped');
    case 'cancelled':
      return trans.__('cancelled');
    case 'lost':
      return trans.__('lost');
  }
}

/**
 * The word for the state of an attempt, which is that of its task at its end.
 */
export function attemptWord(state: string, trans: TranslationBundle): string {
  switch (state) {
    case 'sent':
      return trans.__('sent');
    case 'finished':
      return trans.__('finished');
    case 'superseded':
      return trans.__('superseded');
    default:
      return stateWord(state as TaskState, trans);
  }
}

/**
 * An icon, which is not read aloud, and the word that says the same.
 *
 * @param part - what the names of their classes begin with
 */
export function iconAndWord(
  part: string,
  icon: LabIcon,
  text: string
): [HTMLElement, HTMLElement] {
  const picture = icon.element({ tag: 'span', className: `${part}-icon` });
  picture.setAttribute('aria-hidden', 'true');
  const word = document.createElement('span');
  word.className = `${part}-word`;
  word.textContent = text;
  return [picture, word];
}
