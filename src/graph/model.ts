import type { IObservableDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { GraphEdge, TaskState } from '../api';
import type { IStale } from '../dataflow';

/**
 * A dataflow graph to draw: of an open notebook, or of a run.
 */
export interface IGraphModel extends IObservableDisposable {
  /**
   * The cells by their id, in the order of the notebook.
   */
  readonly nodes: ReadonlyMap<string, IGraphNode>;

  readonly edges: readonly IGraphEdge[];

  /**
   * The sections of the notebook by their id, in its order.
   */
  readonly sections: ReadonlyMap<string, string>;

  /**
   * The id of the cell that is chosen.
   */
  readonly selected: string | null;

  /**
   * Why there is nothing to draw, or nothing new; `null` where all is well.
   */
  readonly error: unknown;

  /**
   * Whether the graph is known.
   */
  readonly isReady: boolean;

  select(cell: string | null): void;

  readonly changed: ISignal<IGraphModel, IGraphChange>;
  readonly selectedChanged: ISignal<IGraphModel, void>;
}

/**
 * What is different in a graph.
 */
export interface IGraphChange {
  /**
   * Whether cells or edges came, went or are others: it is to be laid out anew.
   */
  structure: boolean;

  /**
   * The cells that look different.
   */
  nodes: readonly string[];
}

/**
 * A cell as it is drawn.
 */
export interface IGraphNode {
  readonly id: string;

  /**
   * Position among the code cells, from 0.
   */
  readonly index: number;

  /**
   * Its heading or first line.
   */
  readonly label: string;

  /**
   * The id of the section in which it stands.
   */
  readonly section: string | null;

  /**
   * Whether it only imports and sets up the process.
   */
  readonly prepares: boolean;

  /**
   * Why it is ordered with all other cells.
   */
  readonly barrier: string | null;

  /**
   * The name of its target; `null` where it did not take part.
   */
  readonly target: string | null;
  readonly state: TaskState | null;

  /**
   * Why, in words, where there is more to say than the state.
   */
  readonly why: string | null;
  readonly stale: IStale | null;

  /**
   * When it began to run, in seconds since the epoch.
   */
  readonly started: number | null;

  /**
   * How long it ran, in seconds.
   */
  readonly took: number | null;
}

/**
 * What orders two cells, and the size of the values that went along, in bytes.
 */
export type IGraphEdge = GraphEdge & { readonly bytes: number | null };
