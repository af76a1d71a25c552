import {
  type Cell,
  type ICodeCellModel,
  isCodeCellModel
} from '@jupyterlab/cells';
import {
  KernelError,
  type Notebook,
  NotebookActions,
  type NotebookPanel
} from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { type IApiClient, isTaskEnd, type TaskState } from '../api';
import { codeCells, notebookId } from '../notebook';
import {
  type CellStates,
  ERROR_NAME,
  type IRunManager,
  type NotebookRuns
} from '../run';

/**
 * What ran last in each cell of a notebook: in its kernel, on targets, in workflows.
 *
 * The ledger knows all but what ran in the kernel; of that, only this page knows the source. A cell
 * with an execution count that neither knows is taken to have run as it stands.
 */
export class RanCells implements IDisposable {
  constructor(private _options: RanCells.IOptions) {
    NotebookActions.executionScheduled.connect(this._onScheduled, this);
    NotebookActions.executed.connect(this._onExecuted, this);
    _options.runs.opened.connect(this._onRuns, this);
    this._onRuns();
  }

  /**
   * Emitted with the id of a cell that ran, or whose run ended otherwise; `null` where the ledger
   * is to be asked.
   */
  get changed(): ISignal<RanCells, string | null> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Whether the ledger is to be asked: something ran that this page did not start.
   */
  get isIncomplete(): boolean {
    return !this._isLoaded || (this._unknown.size > 0 && !this._runs?.workflow);
  }

  get(cell: string): RanCells.IRan | null {
    return this._ran.get(cell) ?? null;
  }

  /**
   * Ask the ledger.
   */
  async load(): Promise<void> {
    const { api, panel } = this._options;
    const { context, model } = panel;
    const unknown = new Set(this._unknown);
    const id = notebookId(model!);
    const { copy, tasks } = await api.notebook(context.localPath, id);
    if (this._isDisposed) {
      return;
    }
    const known = new Map(
      copy ? [] : tasks.map(task => [task.cell, task] as const)
    );
    for (const [name, cell] of codeCells(model!)) {
      const isUnknown = unknown.has(name);
      if (this._ran.has(name) && !isUnknown) {
        continue;
      }
      const task = known.get(name);
      if (task && isTaskEnd(task.state)) {
        const { run, source, state } = task;
        this._set(name, { run, state, source: hasRun(state) ? source : null });
      } else if (!task && cell.executionCount !== null && !this._isLoaded) {
        const source = cell.sharedModel.getSource();
        this._set(name, { state: 'done', source });
      }
    }
    unknown.forEach(name => this._unknown.delete(name));
    if (!this._isLoaded) {
      this._isLoaded = true;
      // What ended while the ledger was asked.
      for (const name of codeCells(model!).keys()) {
        this._onState(null, name);
      }
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    NotebookActions.executionScheduled.disconnect(this._onScheduled, this);
    NotebookActions.executed.disconnect(this._onExecuted, this);
    this._options.runs.opened.disconnect(this._onRuns, this);
    this._runs?.states.changed.disconnect(this._onState, this);
    this._runs?.changed.disconnect(this._onEnd, this);
    Signal.clearData(this);
  }

  private _onRuns(): void {
    const { model } = this._options.panel;
    const runs = model && this._options.runs.find(model);
    if (runs && runs !== this._runs) {
      this._runs = runs;
      runs.states.changed.connect(this._onState, this);
      runs.changed.connect(this._onEnd, this);
    }
  }

  private _onScheduled(_: unknown, { notebook, cell }: IExecution): void {
    const model = this._own(notebook, cell);
    if (model) {
      this._scheduled.set(model.id, model.sharedModel.getSource());
    }
  }

  private _onExecuted(
    _: unknown,
    { notebook, cell, success, error }: IExecution & IExecuted
  ): void {
    const model = this._own(notebook, cell);
    const source = model && this._scheduled.get(model.id);
    // What ran elsewhere was told by its state.
    if (source !== null && source !== undefined) {
      this._scheduled.delete(model!.id);
      if (error instanceof KernelError && error.errorName === ERROR_NAME) {
        const known = this.get(model!.id);
        const refused = known && known.refused !== 'first' ? 'again' : 'first';
        this._set(model!.id, { source, state: 'failed', refused });
      } else if (success || error) {
        this._set(model!.id, { source, state: success ? 'done' : 'failed' });
      }
    }
  }

  private _onState(_: CellStates | null, id: string): void {
    const now = this._runs?.states.get(id);
    if (!this._isLoaded || !now?.run || !isTaskEnd(now.state)) {
      return;
    }
    const { run, state } = now;
    const known = this.get(id);
    if (known?.run === run && known.state === state) {
      return;
    }
    this._scheduled.delete(id);
    if (!hasRun(state)) {
      this._set(id, { run, state, source: null });
      return;
    }
    const source = this._runs!.sourceOf(run, id);
    if (source !== null) {
      this._set(id, { run, state, source });
    } else if (known?.run === run && known.source !== null) {
      this._set(id, { run, state, source: known.source });
    } else {
      this._unknown.add(id);
      this._onEnd();
    }
  }

  private _onEnd(): void {
    if (this._isLoaded && this.isIncomplete) {
      this._changed.emit(null);
    }
  }

  private _own(notebook: Notebook, cell: Cell): ICodeCellModel | null {
    return notebook === this._options.panel.content &&
      !cell.isDisposed &&
      isCodeCellModel(cell.model)
      ? cell.model
      : null;
  }

  private _set(id: string, ran: RanCells.IRan): void {
    this._ran.set(id, ran);
    this._unknown.delete(id);
    this._changed.emit(id);
  }

  private _changed = new Signal<RanCells, string | null>(this);
  private _isDisposed = false;
  private _isLoaded = false;
  private _ran = new Map<string, RanCells.IRan>();
  private _runs: NotebookRuns | null = null;
  private _scheduled = new Map<string, string>();
  private _unknown = new Set<string>();
}

/**
 * A namespace for `RanCells` statics.
 */
export namespace RanCells {
  export interface IOptions {
    api: IApiClient;
    panel: NotebookPanel;
    runs: IRunManager;
  }

  /**
   * How a cell ran last.
   */
  export interface IRan {
    /**
     * How that ended.
     */
    state: TaskState;

    /**
     * The source that ran; `null` where the run ended before the cell had run.
     */
    source: string | null;

    /**
     * The run, where it was not in the kernel.
     */
    run?: string;

    /**
     * Where it was refused instead: when it was to run for the first time, or once more.
     */
    refused?: 'first' | 'again';
  }
}

interface IExecution {
  notebook: Notebook;
  cell: Cell;
}

interface IExecuted {
  success: boolean;
  error?: unknown;
}

/**
 * Whether a cell whose task ended so has run to its end, or its error.
 */
function hasRun(state: TaskState): boolean {
  return state === 'done' || state === 'reused' || state === 'failed';
}
