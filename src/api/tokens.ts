import { Token } from '@lumino/coreutils';

import type { EventStream } from './events';
import type {
  CellDetails,
  Changes,
  ChangesRequest,
  Cleaned,
  Comparison,
  Delivery,
  FoundRuns,
  Loading,
  LogPage,
  OpenedInputs,
  OpenInputsRequest,
  PreflightRequest,
  Prepared,
  PrepareRequest,
  Problem,
  RunEvent,
  RunGraph,
  RunOutputs,
  RunRecord,
  RunRequest,
  RunStarted,
  RunsPage,
  SharedDocument,
  Storage,
  Target,
  Verification
} from './types';

/**
 * What the front end asks of the server extension.
 */
export interface IApiClient {
  /**
   * Every target, and whether this user may use it now.
   */
  targets(): Promise<Target[]>;

  /**
   * Start a run.
   *
   * @returns its id, and warnings
   */
  start(request: RunRequest): Promise<RunStarted>;

  /**
   * What is wrong with a cell or a notebook; nothing is started.
   */
  preflight(request: PreflightRequest): Promise<Problem[]>;

  /**
   * A run and its tasks as the ledger has them.
   */
  show(run: string): Promise<RunRecord>;

  /**
   * A page of past and present runs, newest first.
   */
  runs(which?: IWhichRuns): Promise<RunsPage>;

  /**
   * The dataflow graph of a run as it was.
   */
  runGraph(run: string): Promise<RunGraph>;

  /**
   * All that is known of one cell in a run.
   */
  cell(run: string, cell: string): Promise<CellDetails>;

  /**
   * A page of what an attempt of a cell said; the newest one if none is given.
   */
  log(
    run: string,
    cell: string,
    attempt?: string,
    after?: number
  ): Promise<LogPage>;

  /**
   * The last of what an attempt's worker and its platform say.
   */
  workerLog(run: string, cell: string, attempt?: string): Promise<string>;

  /**
   * What differs between two runs.
   */
  compare(left: string, right: string): Promise<Comparison>;

  /**
   * Execute a run again and compare; `verification` tells what came of it.
   *
   * @param outside - whether cells that reach outside of the notebook's folder are executed, too
   */
  verify(run: string, outside: boolean): Promise<void>;

  /**
   * What came of a run's newest verification.
   */
  verification(run: string): Promise<Verification>;

  /**
   * What ledger and store take, and what cleaning would free.
   */
  storage(): Promise<Storage>;

  /**
   * Remove runs that ended more than some days ago, and values that no run
   * needs any more.
   */
  clean(days: number): Promise<Cleaned>;

  cancel(run: string): Promise<void>;

  interrupt(run: string, cell: string): Promise<void>;

  /**
   * End the worker kernel in which a cell runs.
   */
  kill(run: string, cell: string): Promise<void>;

  /**
   * Answer a cell's request for input.
   */
  input(run: string, cell: string, value: string): Promise<void>;

  /**
   * Load what a kernel cell needs and was made elsewhere into the user's kernel.
   */
  prepare(request: PrepareRequest): Promise<Prepared>;

  /**
   * Load what a cell was given in a run into the user's kernel.
   */
  openInputs(request: OpenInputsRequest): Promise<OpenedInputs>;

  /**
   * How far the values are that are being loaded for a kernel cell.
   */
  loading(kernel: string, cell: string): Promise<Loading>;

  /**
   * Load no more for a kernel cell.
   */
  stopLoading(kernel: string, cell: string): Promise<void>;

  /**
   * What an edit changes in the graph of an open notebook, and which cells are
   * stale; a null token asks to begin again.
   */
  changes(request: ChangesRequest): Promise<Changes>;

  /**
   * What a page that opens a notebook has to know of its runs.
   *
   * @param path - the notebook's path
   * @param id - the id in its metadata, if it has one
   */
  notebook(path: string, id: string | null): Promise<FoundRuns>;

  /**
   * What the cells of a run, or one of them, show now.
   */
  outputs(run: string, cell?: string): Promise<RunOutputs>;

  /**
   * Tell that outputs were cleared by the user, or stand in the saved document.
   */
  delivered(run: string, delivery: Delivery): Promise<void>;

  /**
   * Follow a run.
   */
  watch(
    run: string,
    onEvent: (event: RunEvent) => void,
    after?: number,
    shared?: SharedDocument
  ): EventStream;
}

/**
 * Which runs are asked for.
 */
export interface IWhichRuns {
  /**
   * Those of the notebook at this path; of all notebooks if not given.
   */
  path?: string;

  /**
   * Those that are older than the run with this id.
   */
  before?: string;

  /**
   * How many at most.
   */
  limit?: number;
}

/**
 * The API client token.
 */
export const IApiClient = new Token<IApiClient>(
  'jupyterlab-dossier:IApiClient',
  'Calls the server extension: targets, runs and their events.'
);
