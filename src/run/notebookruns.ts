import type { ISessionContext } from '@jupyterlab/apputils';
import type { ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import {
  ApiError,
  type CellOutputs,
  type IApiClient,
  isTaskEnd,
  type Loading,
  type OutputBody,
  type Prepared,
  type Problem,
  type RunRequest,
  type RunStarted,
  type RunState
} from '../api';
import {
  codeCells,
  effectiveTarget,
  hasTag,
  sharedDocument,
  toContent
} from '../notebook';
import { CellNotes } from '../preflight';
import { Deliveries } from './deliveries';
import { Displays } from './displays';
import { followRun, type ICellEnd, type IRunEnd } from './follow';
import { applyOutput, beginExecution, restoreOutputs } from './outputs';
import { CellQueue } from './queue';
import { CellStates } from './states';

/**
 * The runs of one open notebook.
 */
export class NotebookRuns {
  constructor(options: NotebookRuns.IOptions) {
    this._api = options.api;
    this._askInput = options.askInput;
    this.deliveries = new Deliveries(options.api);
    this._showLoading = options.showLoading;
    this._notebook = options.notebook;
  }

  /**
   * The last known state of each cell's task.
   */
  readonly states = new CellStates();

  /**
   * What preflight found on the cells.
   */
  readonly notes = new CellNotes();

  /**
   * The order in which cells run one by one, in the kernel and elsewhere.
   */
  readonly queue = new CellQueue();

  /**
   * Targets by cell for its next execution only, whatever the cell names.
   */
  readonly once = new Map<string, string>();

  /**
   * Which outputs the ledger need not keep for this notebook any more.
   */
  readonly deliveries: Deliveries;

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
   * The source that a cell was sent with by this page, while that run goes on; `null` where it is
   * not known.
   */
  sourceOf(run: string, cell: string): string | null {
    return this._sent.get(run)?.get(cell) ?? null;
  }

  /**
   * The workflow run that goes on, if one does.
   */
  get workflow(): string | null {
    return this._workflow;
  }

  /**
   * The first cell of those that were sent elsewhere and have not ended.
   */
  get running(): NotebookRuns.IRunning | null {
    return this._cells[0] ?? null;
  }

  /**
   * Whether the kernel's interrupt is for something of ours too.
   */
  get canInterrupt(): boolean {
    return !!(this._cells.length || this._sending || this._stopLoading);
  }

  /**
   * Whether there is anything to cancel.
   */
  get isRunning(): boolean {
    return this._workflow !== null || this._cells.length > 0;
  }

  /**
   * Run one cell elsewhere.
   *
   * @returns how it ended; rejects when the run could not be started or followed
   */
  async runCell(options: NotebookRuns.IRunCellOptions): Promise<ICellEnd> {
    const { cell, path, sessionContext } = options;
    const id = cell.id;
    this.attach(sessionContext);
    this.states.set(id, { state: 'queued', why: null });
    this.notes.set(cell, []);
    const sending = (this._sending = { isInterrupted: false });
    let run: string;
    const source = cell.sharedModel.getSource();
    try {
      const started = await this._start({
        kind: 'cell',
        path,
        kernel: sessionContext.session?.kernel?.id ?? '',
        cell: id,
        ...(options.target ? { target: options.target } : {}),
        content: toContent(this._notebook)
      });
      run = started.run;
      this._sent.set(run, new Map([[id, source]]));
      this.notes.set(cell, started.problems);
    } catch (error) {
      this.states.set(id, null);
      if (error instanceof ApiError) {
        this.notes.set(cell, error.problems);
      }
      throw error;
    } finally {
      this._sending = null;
    }
    this._hasRemoteValues = true;
    this.deliveries.begin(run, cell);
    const target = options.target ?? effectiveTarget(this._notebook, cell);
    const current = { run, cell: id, target };
    this._cells.push(current);
    this._changed.emit();
    if (sending.isInterrupted) {
      this._api.interrupt(run, id).catch(console.error);
    }
    try {
      return await new Promise<ICellEnd>((resolve, reject) => {
        this._follow(run, {
          cell: other =>
            other === id && !cell.isDisposed
              ? cell
              : (codeCells(this._notebook).get(other) ?? null),
          // Why it was refused comes with the task's state.
          onEnd: end =>
            end.cell === id && end.status !== 'refused' && resolve(end)
        })
          .finally(() => this._sent.delete(run))
          .then(({ state, why }) => {
            // A run may end without a word on its cell: it could not be sent, or its worker is lost.
            resolve({ cell: id, status: state, state, why, error: null });
          }, reject);
      });
    } finally {
      this._cells = this._cells.filter(other => other !== current);
      this._changed.emit();
    }
  }

  /**
   * What is wrong with the notebook as a workflow; it stands on the cells from now on.
   *
   * @param only - the cells to run with all that they need, where not all are
   */
  async preflight(path: string, only?: string[]): Promise<Problem[]> {
    const problems = await this._api.preflight({
      kind: 'workflow',
      path,
      content: toContent(this._notebook),
      fresh: false,
      ...(only ? { only } : {})
    });
    for (const [id, cell] of codeCells(this._notebook)) {
      this.notes.set(
        cell,
        problems.filter(problem => problem.cell === id)
      );
    }
    return problems;
  }

  /**
   * Run the notebook as a workflow.
   *
   * @param path - the notebook's path
   * @param onStarted - called with the id of the run
   * @param only - the cells to run with all that they need, where not all are
   */
  async runWorkflow(
    path: string,
    onStarted: (run: string) => void,
    only?: string[]
  ): Promise<NotebookRuns.IWorkflowEnd> {
    const content = toContent(this._notebook);
    const cells = codeCells(this._notebook);
    const sources = new Map(
      Array.from(cells, ([id, cell]) => [id, cell.sharedModel.getSource()])
    );
    const { run } = await this._start({
      kind: 'workflow',
      path,
      content,
      fresh: false,
      ...(only ? { only } : {})
    });
    this._workflow = run;
    this._sent.set(run, sources);
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
          this.deliveries.begin(run, cell);
          beginExecution(cell);
        },
        onEnd: ({ cell: id, state, status }, cell) => {
          if (
            cells.has(id) &&
            (state === 'failed' || status === 'error') &&
            !failed.includes(id)
          ) {
            failed.push(id);
          }
          if (!cell) {
            return;
          }
          if (state === 'skipped') {
            this.deliveries.begin(run, cell);
            beginExecution(cell);
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
      this._sent.delete(run);
      this._changed.emit();
    }
  }

  /**
   * Whether this page follows a run, or has followed it.
   */
  async knows(run: string): Promise<boolean> {
    await Promise.allSettled(this._starting);
    return this._known.has(run);
  }

  /**
   * Take on a run that this page did not start, once: a notebook may be looked at in two places.
   *
   * @returns whether it was to be taken on
   */
  async claim(run: string): Promise<boolean> {
    await Promise.allSettled(this._starting);
    // Nothing is awaited between the look and the claim.
    const isNew = !this._known.has(run);
    this._known.add(run);
    return isNew;
  }

  /**
   * A run that was claimed could not be taken on.
   */
  disclaim(run: string): void {
    this._known.delete(run);
  }

  /**
   * Let a cell show what the ledger has of its last run.
   *
   * @param seq - the number of the last event of the run that is taken in
   */
  restore(
    run: string,
    cell: ICodeCellModel,
    shown: CellOutputs,
    seq: number
  ): void {
    this.deliveries.begin(run, cell);
    this.deliveries.advance(run, seq);
    restoreOutputs(cell, shown, this._displays);
  }

  /**
   * Go on with a run that was claimed; what runs one by one waits for it.
   */
  async rejoin(options: NotebookRuns.IRejoinOptions): Promise<void> {
    const { run, kind, cell, begun, after, asking } = options;
    for (const [id, request] of asking) {
      void this._onInput(run, id, request);
    }
    const going: ICodeCellModel[] = [];
    for (const id of begun) {
      const model = cell(id);
      if (
        model &&
        !sharedDocument(this._notebook) &&
        !isTaskEnd(this.states.get(id)?.state ?? '')
      ) {
        model.executionState = 'running';
        going.push(model);
      }
    }
    const first = cell(begun[0] ?? '');
    const target = first ? effectiveTarget(this._notebook, first) : '';
    const current = { run, cell: begun[0] ?? '', target };
    if (kind === 'workflow') {
      this._workflow = run;
    } else {
      this._cells.push(current);
      this._hasRemoteValues = true;
    }
    this._changed.emit();
    let failed: string | null = null;
    const followed = this._follow(run, {
      after,
      begun,
      cell,
      onBegin: (_, model) => {
        going.push(model);
        this.deliveries.begin(run, model);
        beginExecution(model);
      },
      onEnd: ({ cell: id, state, status }, written) => {
        if (written && state === 'skipped') {
          this.deliveries.begin(run, written);
          beginExecution(written);
        }
        if (written) {
          written.executionState = 'idle';
        }
        const isDone = !state || state === 'done' || state === 'reused';
        if (!isDone || status === 'error') {
          const model = cell(id);
          failed = model && hasTag(model, 'raises-exception') ? null : id;
        }
      }
    });
    if (kind === 'cell') {
      const queued = async () => {
        await followed;
        if (failed) {
          throw new Error(failed);
        }
      };
      this.queue.add(queued, { stopOnError: true }).catch(() => undefined);
    }
    try {
      await followed;
    } finally {
      for (const model of going) {
        if (!model.isDisposed) {
          model.executionState = 'idle';
        }
      }
      this._cells = this._cells.filter(other => other !== current);
      if (this._workflow === run) {
        this._workflow = null;
      }
      this._changed.emit();
    }
  }

  /**
   * Watch the notebook's own kernel.
   */
  attach(sessionContext: ISessionContext): void {
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
   * Load what a kernel cell needs and was made elsewhere.
   *
   * @returns what came of it; `null` where there is no kernel
   */
  async prepareKernel(
    options: NotebookRuns.IRunCellOptions
  ): Promise<Prepared | null> {
    const { cell, path, sessionContext } = options;
    const kernel = sessionContext.session?.kernel?.id;
    if (!kernel) {
      return null;
    }
    this.attach(sessionContext);
    const preparing = this._api.prepare({
      kernel,
      path,
      cell: cell.id,
      content: toContent(this._notebook)
    });
    return this.load(kernel, cell.id, preparing);
  }

  /**
   * Wait for values that the server loads into the kernel, and show how far they are if that takes
   * long.
   */
  async load<T>(kernel: string, cell: string, answer: Promise<T>): Promise<T> {
    const stop = () => this._api.stopLoading(kernel, cell);
    this._stopLoading = stop;
    this._showLoading({
      answer,
      look: () => this._api.loading(kernel, cell),
      stop
    });
    try {
      return await answer;
    } finally {
      if (this._stopLoading === stop) {
        this._stopLoading = null;
      }
    }
  }

  /**
   * Interrupt the cell that runs elsewhere, as the kernel's interrupt does for its own.
   */
  async interrupt(): Promise<void> {
    const [first] = this._cells;
    if (first) {
      this.queue.drop();
      await this._api.interrupt(first.run, first.cell);
    } else if (this._sending) {
      this.queue.drop();
      this._sending.isInterrupted = true;
    } else {
      await this._stopLoading?.();
    }
  }

  /**
   * End the worker kernel of the cell that runs elsewhere.
   */
  async kill(): Promise<void> {
    const [first] = this._cells;
    if (first) {
      this.queue.drop();
      await this._api.kill(first.run, first.cell);
    }
  }

  /**
   * Cancel the workflow run, or the cell that runs elsewhere with all that waits behind it.
   */
  async cancel(): Promise<void> {
    const run = this._workflow ?? this._cells[0]?.run;
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
  private async _follow(
    run: string,
    options: Pick<
      followRun.IOptions,
      'cell' | 'onBegin' | 'onEnd' | 'after' | 'begun'
    >
  ): Promise<IRunEnd> {
    const end = await followRun({
      api: this._api,
      run,
      states: this.states,
      displays: this._displays,
      onInput: (cell, request) => void this._onInput(run, cell, request),
      onTaken: seq => this.deliveries.advance(run, seq),
      shared: sharedDocument(this._notebook),
      onRestore: (cell, shown, seq) => this.restore(run, cell, shown, seq),
      ...options
    });
    this.deliveries.end(run);
    return end;
  }

  /**
   * Start a run; until its name is known, none that is found is taken for another's.
   */
  private async _start(request: RunRequest): Promise<RunStarted> {
    const starting = this._api.start(request);
    this._starting.add(starting);
    try {
      const started = await starting;
      this._known.add(started.run);
      return started;
    } finally {
      this._starting.delete(starting);
    }
  }

  private async _onInput(
    run: string,
    cell: string,
    request: NotebookRuns.IInputRequest
  ): Promise<void> {
    // Where the notebook was opened again, it is asked for there.
    const isClosed = () => this._notebook.isDisposed;
    if (isClosed()) {
      return;
    }
    try {
      const value = await this._askInput(request);
      if (isClosed()) {
        return;
      }
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
   * A restart ends what was asked of the kernel, and forgets all names, those made elsewhere too.
   */
  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status !== 'restarting' && status !== 'autorestarting') {
      return;
    }
    this.queue.drop();
    this._hasRemoteValues = false;
    if (status === 'restarting') {
      // The server hears of it, and cancels with the reason.
      return;
    }
    for (const { run } of this._cells) {
      this._api.cancel(run).catch(console.error);
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
  private _cells: NotebookRuns.IRunning[] = [];
  private _changed = new Signal<NotebookRuns, void>(this);
  private _displays = new Displays();
  private _hasRemoteValues = false;
  private _notebook: INotebookModel;
  private _known = new Set<string>();
  private _sessionContext: ISessionContext | null = null;
  private _sent = new Map<string, ReadonlyMap<string, string>>();
  private _sending: { isInterrupted: boolean } | null = null;
  private _showLoading: NotebookRuns.IOptions['showLoading'];
  private _stopLoading: (() => Promise<void>) | null = null;
  private _starting = new Set<Promise<RunStarted>>();
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
    showLoading: (load: ILoad) => void;
  }

  /**
   * Values that are loaded into the kernel.
   */
  export interface ILoad {
    /**
     * Settled when they are, or are not to be.
     */
    answer: Promise<unknown>;
    look: () => Promise<Loading>;
    stop: () => Promise<void>;
  }

  export interface IInputRequest {
    prompt: string;
    password: boolean;
  }

  /**
   * A cell that was sent elsewhere.
   */
  export interface IRunning {
    readonly run: string;
    readonly cell: string;
    readonly target: string;
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

  export interface IRejoinOptions {
    run: string;
    kind: 'workflow' | 'cell';

    /**
     * The cells whose outputs are restored, up to this event.
     */
    begun: string[];
    after: number;

    /**
     * What cells have asked their user for and still wait for.
     */
    asking: ReadonlyMap<string, IInputRequest>;

    /**
     * The model of the cell that outputs are for; `null` where they are not to be written.
     */
    cell: (id: string) => ICodeCellModel | null;
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
