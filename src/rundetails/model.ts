import type { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import {
  type CellDetails,
  type CellOutputs,
  type EventStream,
  type IApiClient,
  isRunEnd,
  type RunEvent,
  type RunGraph,
  type RunRecord,
  type TaskState
} from '../api';

/**
 * A run as the ledger has it, live as long as it goes on, and the cell of it that is looked at.
 */
export class RunModel implements IDisposable {
  constructor(options: RunModel.IOptions) {
    this._api = options.api;
    this.run = options.run;
    this._again = new Throttler(() => this._loadCell(), REFRESH);
  }

  readonly run: string;

  get record(): RunRecord | null {
    return this._record;
  }

  get graph(): RunGraph | null {
    return this._graph;
  }

  /**
   * Why the run cannot be shown.
   */
  get error(): unknown {
    return this._error;
  }

  /**
   * The id of the cell that is looked at.
   */
  get selected(): string | null {
    return this._selected;
  }

  /**
   * What is known of that cell, once it is.
   */
  get details(): CellDetails | null {
    return this._details;
  }

  /**
   * Why nothing new is known of that cell.
   */
  get cellError(): unknown {
    return this._cellError;
  }

  /**
   * What that cell shows.
   */
  get outputs(): CellOutputs | null {
    return this._outputs;
  }

  /**
   * Emitted when the run, its tasks or the selection changed.
   */
  get changed(): ISignal<RunModel, void> {
    return this._changed;
  }

  /**
   * Emitted when what is known of the selected cell changed.
   */
  get cellChanged(): ISignal<RunModel, void> {
    return this._cellChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Ask for the run, and follow it if it goes on.
   */
  async load(): Promise<void> {
    try {
      const [record, graph] = await Promise.all([
        this._api.show(this.run),
        this._api.runGraph(this.run)
      ]);
      if (this._isDisposed) {
        return;
      }
      this._record = record;
      this._graph = graph;
      this._error = null;
      if (!isRunEnd(record.state) && !this._stream) {
        this._follow(record.seq);
      }
    } catch (error) {
      this._error = error;
    }
    this._changed.emit();
    if (this._selected === null) {
      this.select(this._first());
    }
  }

  /**
   * Look at a cell.
   */
  select(cell: string | null): void {
    if (cell === this._selected) {
      return;
    }
    this._selected = cell;
    this._details = null;
    this._outputs = null;
    this._cellError = null;
    this._changed.emit();
    this._cellChanged.emit();
    void this._loadCell();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._stream?.dispose();
    this._again.dispose();
    Signal.clearData(this);
  }

  /**
   * The cell that a user most likely wants to see: the first that failed, else the last.
   */
  private _first(): string | null {
    const tasks = this._record?.tasks ?? [];
    const failed = tasks.find(({ state }) => FAILED.includes(state));
    return (failed ?? tasks[tasks.length - 1])?.id ?? null;
  }

  private async _loadCell(): Promise<void> {
    const cell = this._selected;
    if (cell === null || this._isDisposed) {
      return;
    }
    try {
      const [details, { cells }] = await Promise.all([
        this._api.cell(this.run, cell),
        this._api.outputs(this.run, cell)
      ]);
      if (cell !== this._selected || this._isDisposed) {
        return;
      }
      this._details = details;
      this._outputs = cells[cell] ?? null;
      this._cellError = null;
    } catch (error) {
      if (cell !== this._selected || this._isDisposed) {
        return;
      }
      this._cellError = error;
    }
    this._cellChanged.emit();
  }

  private _follow(seq: number): void {
    const stream = this._api.watch(
      this.run,
      event => this._onEvent(event),
      seq
    );
    this._stream = stream;
    stream.finished
      .catch(console.error)
      .then(() => this.load())
      .then(() => this._loadCell())
      .catch(console.error);
  }

  private _onEvent(event: RunEvent): void {
    if (event.kind === 'state' && this._record) {
      const { state, why } = event.body;
      const now = Date.now() / 1000;
      const change = (task: RunRecord['tasks'][number]) => ({
        ...task,
        state: state as TaskState,
        why,
        started: state === 'running' ? (task.started ?? now) : task.started
      });
      this._record = {
        ...this._record,
        tasks: this._record.tasks.map(task =>
          task.id === event.cell ? change(task) : task
        )
      };
      this._changed.emit();
    }
    if (event.cell !== null && event.cell === this._selected) {
      void this._again.invoke();
    }
  }

  private _again: Throttler;
  private _api: IApiClient;
  private _cellError: unknown = null;
  private _cellChanged = new Signal<RunModel, void>(this);
  private _changed = new Signal<RunModel, void>(this);
  private _details: CellDetails | null = null;
  private _error: unknown = null;
  private _graph: RunGraph | null = null;
  private _isDisposed = false;
  private _outputs: CellOutputs | null = null;
  private _record: RunRecord | null = null;
  private _selected: string | null = null;
  private _stream: EventStream | null = null;
}

/**
 * A namespace for `RunModel` statics.
 */
export namespace RunModel {
  export interface IOptions {
    api: IApiClient;
    run: string;
  }
}

const FAILED: readonly TaskState[] = ['failed', 'lost'];

/**
 * How often a cell that goes on is asked for again, in milliseconds.
 */
const REFRESH = 1000;
