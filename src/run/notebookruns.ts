import type { ISessionContext } from '@jupyterlab/apputils';
import type { ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IApiClient, OutputBody, RunState } from '../api';
import { codeCells, toContent } from '../notebook';
import { Displays } from './displays';
import { followRun, type ICellEnd, type IRunEnd } from './follow';
import { applyOutput, beginExecution } from './outputs';
import { CellQueue } from './queue';
import { CellStates } from './states';

/**
 * The runs of one open notebook.
 */
export class NotebookRuns {
  constructor(options: NotebookRuns.IOptions) {
    this._api = options.api;
    this._askInput = options.askInput;
    this._notebook = options.notebook;
  }

  /**
   * The last known state of each cell's task.
   */
  readonly states = new CellStates();

  /**
   * The order in which cells run one by one, in the kernel and elsewhere.
   */
  readonly queue = new CellQueue();

  /**
   * Targets by cell for its next execution only, whatever the cell names.
   */
  readonly once = new Map<string, string>();

  /**
   * Emitted when a run began or ended.
   */
  get changed(): ISignal<NotebookRuns, void> {
    return this._changed;
  }

  /**
   * Whether a cell ran elsewhere since the kernel started, as far as this page knows.
   */
  get hasRemoteValues(): boolean {
    return this._hasRemoteValues;
  }

  /**
   * The workflow run that goes on, if one does.
   */
  get workflow(): string | null {
    return this._workflow;
  }

  /**
   * Whether there is anything to cancel.
   */
  get isRunning(): boolean {
    return this._workflow !== null || this._cell !== null;
  }

  /**
   * Run one cell elsewhere.
   *
   * @returns how it ended; rejects when the run could not be started or followed
   */
  async runCell(options: NotebookRuns.IRunCellOptions): Promise<ICellEnd> {
    const { cell, path, sessionContext } = options;
    const id = cell.id;
    this._attach(sessionContext);
    this.states.set(id, { state: 'queued', why: null });
    let run: string;
    try {
      run = await this._api.start({
        kind: 'cell',
        path,
        kernel: sessionContext.session?.kernel?.id ?? '',
        cell: id,
        ...(options.target ? { target: options.target } : {}),
        content: toContent(this._notebook)
      });
    } catch (error) {
      this.states.set(id, null);
      throw error;
    }
    this._hasRemoteValues = true;
    this._cell = { run, cell: id };
    this._changed.emit();
    try {
      return await new Promise<ICellEnd>((resolve, reject) => {
        this._follow(run, {
          cell: other =>
            other === id && !cell.isDisposed
              ? cell
              : (codeCells(this._notebook).get(other) ?? null),
          onEnd: end => end.cell === id && resolve(end)
        }).then(({ state, why }) => {
          // A run may end without a word on its cell: it could not be sent, or its worker is lost.
          resolve({ cell: id, status: state, state, why, error: null });
        }, reject);
      });
    } finally {
      this._cell = null;
      this._changed.emit();
    }
  }

  /**
   * Run the whole notebook as a workflow.
   *
   * @param path - the notebook's path
   * @param onStarted - called with the id of the run
   */
  async runWorkflow(
    path: string,
    onStarted: (run: string) => void
  ): Promise<NotebookRuns.IWorkflowEnd> {
    const content = toContent(this._notebook);
    const cells = codeCells(this._notebook);
    const sources = new Map(
      Array.from(cells, ([id, cell]) => [id, cell.sharedModel.getSource()])
    );
    const run = await this._api.start({
      kind: 'workflow',
      path,
      content,
      fresh: false
    });
    this._workflow = run;
    this._changed.emit();
    onStarted(run);
    const begun = new Set<ICodeCellModel>();
    const failed: string[] = [];
    try {
      const end = await this._follow(run, {
        cell: id => {
          const cell = cells.get(id);
          return cell &&
            !cell.isDisposed &&
            cell.sharedModel.getSource() === sources.get(id)
            ? cell
            : null;
        },
        onBegin: (id, cell) => {
          begun.add(cell);
          beginExecution(cell);
        },
        onEnd: ({ cell: id, state, status }) => {
          const cell = cells.get(id);
          if (!cell || cell.isDisposed) {
            return;
          }
          if (state === 'skipped') {
            beginExecution(cell);
          }
          if (
            (state === 'failed' || status === 'error') &&
            !failed.includes(id)
          ) {
            failed.push(id);
          }
          cell.executionState = 'idle';
        }
      });
      return { ...end, failed };
    } finally {
      for (const cell of begun) {
        if (!cell.isDisposed) {
          cell.executionState = 'idle';
        }
      }
      this._workflow = null;
      this._changed.emit();
    }
  }

  /**
   * Load what a kernel cell needs and was made elsewhere.
   */
  async prepareKernel(options: NotebookRuns.IRunCellOptions): Promise<void> {
    const { cell, path, sessionContext } = options;
    const kernel = sessionContext.session?.kernel?.id;
    if (kernel) {
      this._attach(sessionContext);
      await this._api.prepare({
        kernel,
        path,
        cell: cell.id,
        content: toContent(this._notebook)
      });
    }
  }

  /**
   * Interrupt the cell that runs elsewhere, as the kernel's interrupt does for its own.
   */
  async interrupt(): Promise<void> {
    if (this._cell) {
      this.queue.drop();
      await this._api.interrupt(this._cell.run, this._cell.cell);
    }
  }

  /**
   * Cancel the workflow run, or the cell that runs elsewhere with all that waits behind it.
   */
  async cancel(): Promise<void> {
    const run = this._workflow ?? this._cell?.run;
    if (!run) {
      return;
    }
    if (!this._workflow) {
      this.queue.drop();
    }
    await this._api.cancel(run);
  }

  /**
   * Follow a run with this notebook's states and displays.
   */
  private _follow(
    run: string,
    options: Pick<followRun.IOptions, 'cell' | 'onBegin' | 'onEnd'>
  ): Promise<IRunEnd> {
    return followRun({
      api: this._api,
      run,
      states: this.states,
      displays: this._displays,
      onInput: (cell, request) => void this._onInput(run, cell, request),
      ...options
    });
  }

  private async _onInput(
    run: string,
    cell: string,
    request: NotebookRuns.IInputRequest
  ): Promise<void> {
    try {
      const value = await this._askInput(request);
      if (value === null) {
        await this._api.interrupt(run, cell);
      } else {
        await this._api.input(run, cell, value);
      }
    } catch (error) {
      console.error(error);
    }
  }

  /**
   * Watch the notebook's own kernel.
   */
  private _attach(sessionContext: ISessionContext): void {
    if (this._sessionContext === sessionContext) {
      return;
    }
    this._sessionContext?.statusChanged.disconnect(this._onStatus, this);
    this._sessionContext?.iopubMessage.disconnect(this._onIOPub, this);
    this._sessionContext = sessionContext;
    sessionContext.statusChanged.connect(this._onStatus, this);
    sessionContext.iopubMessage.connect(this._onIOPub, this);
  }

  /**
   * A restart ends what was asked of the kernel, and forgets all names, those made elsewhere too.
   */
  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status !== 'restarting' && status !== 'autorestarting') {
      return;
    }
    this.queue.drop();
    this._hasRemoteValues = false;
    if (this._cell) {
      this._api.cancel(this._cell.run).catch(console.error);
    }
  }

  /**
   * A kernel cell may update a display that a cell made elsewhere.
   */
  private _onIOPub(_: ISessionContext, message: KernelMessage.IMessage): void {
    if (message.header.msg_type === 'update_display_data') {
      applyOutput(
        {
          msg_type: 'update_display_data',
          content: message.content as unknown as OutputBody['content'],
          metadata: {}
        },
        null,
        this._displays
      );
    }
  }

  private _api: IApiClient;
  private _askInput: NotebookRuns.IOptions['askInput'];
  private _cell: { run: string; cell: string } | null = null;
  private _changed = new Signal<NotebookRuns, void>(this);
  private _displays = new Displays();
  private _hasRemoteValues = false;
  private _notebook: INotebookModel;
  private _sessionContext: ISessionContext | null = null;
  private _workflow: string | null = null;
}

/**
 * A namespace for `NotebookRuns` statics.
 */
export namespace NotebookRuns {
  export interface IOptions {
    api: IApiClient;
    askInput: (request: IInputRequest) => Promise<string | null>;
    notebook: INotebookModel;
  }

  export interface IInputRequest {
    prompt: string;
    password: boolean;
  }

  export interface IRunCellOptions {
    cell: ICodeCellModel;
    path: string;
    sessionContext: ISessionContext;

    /**
     * Where to run it this once; else where its notebook says.
     */
    target?: string;
  }

  export interface IWorkflowEnd {
    state: RunState;
    why: string | null;

    /**
     * The cells that failed, first one first.
     */
    failed: string[];
  }
}
