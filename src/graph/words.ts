import type { TranslationBundle } from '@jupyterlab/translation';

import { isTaskEnd } from '../api';
import { staleWord } from '../stale';
import { size, stateWord, took } from '../ui/words';
import type { IDrawnEdge, IFold, IItem, ILook } from './fold';
import type { IGraphNode } from './model';

/**
 * Whether why an item must run again counts more than how its last run ended.
 */
export function isStaleShown({ stale, state }: ILook): boolean {
  return !!stale && (!state || (isTaskEnd(state) && stale !== 'unfinished'));
}

/**
 * The state of an item in a word.
 */
export function lookWord(look: ILook, trans: TranslationBundle): string {
  if (isStaleShown(look)) {
    return staleWord(look.stale!, trans);
  }
  return look.state ? stateWord(look.state, trans) : '';
}

/**
 * What an item is called in the drawing: its number, and what it is.
 */
export function itemLabel(
  { fold }: IItem,
  nodes: readonly IGraphNode[],
  trans: TranslationBundle
): [number: string, label: string] {
  if (!fold) {
    const [node] = nodes;
    return node ? [String(node.index + 1), node.label] : ['', ''];
  }
  const first = (nodes[0]?.index ?? 0) + 1;
  const last = (nodes[nodes.length - 1]?.index ?? 0) + 1;
  const numbers = first === last ? String(first) : `${first}–${last}`;
  return [numbers, foldLabel(fold, nodes.length, trans)];
}

/**
 * What a fold is called.
 */
export function foldLabel(
  { kind, label }: IFold,
  count: number,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'setup':
      return trans._n('Set-up, %1 cell', 'Set-up, %1 cells', count);
    case 'section':
      return trans.__('%1, %2 cells', label, count);
    case 'siblings':
      return `${label} ×${count}`;
  }
}

/**
 * What is said of an item under its label.
 */
export function itemFacts(look: ILook, trans: TranslationBundle): string {
  return [
    lookWord(look, trans),
    look.took !== null ? took(look.took, trans) : '',
    look.target ?? ''
  ]
    .filter(Boolean)
    .join(' · ');
}

/**
 * What goes along an edge: names, and how much they take.
 */
export function edgeLabel(
  edge: Pick<IDrawnEdge, 'names' | 'bytes'>,
  trans: TranslationBundle
): string {
  const shown = edge.names.filter(name => !name.startsWith('<'));
  const names =
    shown.length > SHOWN_NAMES
      ? trans.__(
          '%1 and %2 more',
          shown.slice(0, SHOWN_NAMES).join(', '),
          shown.length - SHOWN_NAMES
        )
      : shown.join(', ');
  return [names, edge.bytes !== null ? size(edge.bytes, trans) : '']
    .filter(Boolean)
    .join(' · ');
}

/**
 * As much of a text as stands in so many characters.
 */
export function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

const SHOWN_NAMES = 3;
