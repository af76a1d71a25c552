import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { IOutput } from '@jupyterlab/nbformat';

import type {
  Comparison,
  IApiClient,
  RunGraph,
  RunOutputs,
  RunRecord
} from '../api';
import type { ComparedCell } from './differences';

/**
 * One of two runs that are compared.
 */
export type Side = 'left' | 'right';

/**
 * Two runs beside each other.
 */
export class ComparisonModel implements IDisposable {
  constructor(private _options: ComparisonModel.IOptions) {}

  get comparison(): Comparison | null {
    return this._comparison;
  }

  /**
   * Why the runs cannot be compared.
   */
  get error(): unknown {
    return this._error;
  }

  /**
   * Emitted when the answer is there.
   */
  get changed(): ISignal<ComparisonModel, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Ask for both runs and for what differs between them.
   */
  async load(): Promise<void> {
    const { api, left, right } = this._options;
    try {
      const [comparison, ...sides] = await Promise.all([
        api.compare(left, right),
        Private.side(api, left),
        Private.side(api, right)
      ]);
      [this._left, this._right] = sides;
      this._comparison = comparison;
    } catch (error) {
      this._error = error;
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  record(side: Side): RunRecord | null {
    return this._side(side)?.record ?? null;
  }

  /**
   * The number of a cell in the notebook, from 1.
   */
  number(cell: ComparedCell): number {
    const found = this._known('right', cell) ?? this._known('left', cell);
    return (found?.index ?? 0) + 1;
  }

  /**
   * The source that a cell had; empty where a run has no such cell.
   */
  source(side: Side, cell: ComparedCell): string {
    return this._known(side, cell)?.source ?? '';
  }

  /**
   * What a cell showed at the end.
   */
  outputs(side: Side, cell: ComparedCell): IOutput[] {
    const id = cell[side]?.id ?? cell.id;
    const shown = this._side(side)?.outputs.cells[id]?.outputs ?? [];
    return shown as IOutput[];
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _known(
    side: Side,
    cell: ComparedCell
  ): RunGraph['cells'][number] | undefined {
    const id = cell[side]?.id ?? cell.id;
    return this._side(side)?.graph.cells.find(other => other.id === id);
  }

  private _side(side: Side): Private.ISide | null {
    return side === 'left' ? this._left : this._right;
  }

  private _changed = new Signal<ComparisonModel, void>(this);
  private _comparison: Comparison | null = null;
  private _error: unknown = null;
  private _isDisposed = false;
  private _left: Private.ISide | null = null;
  private _right: Private.ISide | null = null;
}

/**
 * A namespace for `ComparisonModel` statics.
 */
export namespace ComparisonModel {
  export interface IOptions {
    api: IApiClient;

    /**
     * The ids of the two runs.
     */
    left: string;
    right: string;
  }
}

namespace Private {
  export interface ISide {
    graph: RunGraph;
    outputs: RunOutputs;
    record: RunRecord;
  }

  export async function side(api: IApiClient, run: string): Promise<ISide> {
    const [graph, outputs, record] = await Promise.all([
      api.runGraph(run),
      api.outputs(run),
      api.show(run)
    ]);
    return { graph, outputs, record };
  }
}
