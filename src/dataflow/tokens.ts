import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { IDisposable, IObservableDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { GraphCell, GraphEdge } from '../api';

/**
 * The dataflow graphs of the open notebooks, as they are edited.
 */
export interface IDataflow {
  /**
   * The graph of a panel's notebook. It is empty, and nothing is asked of the server, before
   * somebody uses it.
   */
  of(panel: NotebookPanel): INotebookDataflow;
}

/**
 * The graph of an open notebook, and which of its cells are stale; disposed with its panel.
 */
export interface INotebookDataflow extends IObservableDisposable {
  /**
   * What each code cell reads and writes, by its id.
   */
  readonly cells: ReadonlyMap<string, GraphCell>;

  /**
   * What orders the cells, by `edgeKey`.
   */
  readonly edges: ReadonlyMap<string, GraphEdge>;

  /**
   * The cells that must run again, by their id. An edited cell is here at once, what depends on it
   * when the server has answered.
   */
  readonly stale: ReadonlyMap<string, IStale>;

  /**
   * Resolved when all of the notebook was analysed for the first time, rejected when it cannot be:
   * what is refused is tried again after the next edit, and this is another promise then.
   */
  readonly ready: Promise<void>;

  /**
   * Resolved when all that was edited and ran so far is told, and answered; rejected when it is
   * refused, or the notebook is in another language than Python.
   */
  settled(): Promise<void>;

  /**
   * Emitted with what is different.
   */
  readonly changed: ISignal<INotebookDataflow, IDataflowChange>;

  /**
   * Keep the graph up to date until what is returned is disposed.
   */
  use(): IDisposable;
}

/**
 * Why a cell must run again.
 */
export interface IStale {
  kind: StaleKind;

  /**
   * Why, in words for the user.
   */
  why: string;
}

/**
 * - `never-run`: it has not run, as far as is known;
 * - `edited`: its source is not the one that ran;
 * - `upstream`: what it uses is other than when it ran, or is to run again;
 * - `unfinished`: its last run failed, was cancelled or skipped, or was lost.
 */
export type StaleKind = 'never-run' | 'edited' | 'upstream' | 'unfinished';

/**
 * What is different in a graph.
 */
export interface IDataflowChange {
  /**
   * The ids of cells that are new, gone, or other than before.
   */
  cells: readonly string[];

  /**
   * The keys of edges that are new, gone, or other than before.
   */
  edges: readonly string[];

  /**
   * The ids of cells that are stale now and were not, or the other way, or for another reason.
   */
  stale: readonly string[];
}

/**
 * What tells an edge from all others.
 */
export function edgeKey({
  from,
  to,
  kind
}: Pick<GraphEdge, 'from' | 'to' | 'kind'>): string {
  return `${from} ${to} ${kind}`;
}

/**
 * The dataflow token.
 */
export const IDataflow = new Token<IDataflow>(
  'jupyterlab-dossier:IDataflow',
  'The dataflow graphs of open notebooks, kept up to date while they are edited, and their stale cells.'
);
