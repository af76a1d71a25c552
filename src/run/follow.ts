import type { ICodeCellModel } from '@jupyterlab/cells';

import {
  isRunEnd,
  isTaskEnd,
  type CellOutputs,
  type IApiClient,
  type RunEvent,
  type RunState,
  type SharedDocument,
  type TaskState
} from '../api';
import type { Displays } from './displays';
import { applyOutput, mergeOutputs } from './outputs';
import { Pace } from './pace';
import type { CellStates } from './states';

/**
 * How a cell's task ended.
 */
export interface ICellEnd {
  cell: string;

  /**
   * The status of the reply to the request that executed it; empty where there was none.
   */
  status: string;

  /**
   * The task's state where it is known already.
   */
  state: TaskState | null;
  why: string | null;

  /**
   * The error that stands in the cell.
   */
  error: { ename: string; evalue: string; traceback: string[] } | null;
}

/**
 * How a run ended.
 */
export interface IRunEnd {
  state: RunState;
  why: string | null;
}

/**
 * Follow a run: its states go to `states`, its outputs into the cells.
 *
 * @returns how the run ended; rejects when it cannot be followed
 */
export async function followRun(options: followRun.IOptions): Promise<IRunEnd> {
  const { api, run, states, displays } = options;
  const errors = new Map<string, NonNullable<ICellEnd['error']>>();
  let end: IRunEnd | null = null;
  let isWriter = !options.shared;
  let written = 0;
  const mine = ({ cell }: RunEvent): ICodeCellModel | null =>
    cell !== null && isWriter ? options.cell(cell) : null;
  // What was restored is not written again.
  const cellOf = (event: RunEvent): ICodeCellModel | null =>
    event.seq > written ? mine(event) : null;

  const onState = (event: RunEvent & { kind: 'state' }) => {
    const { state, why } = event.body;
    if (event.cell === null) {
      if (isRunEnd(state)) {
        end = { state: state as RunState, why };
      }
      return;
    }
    states.set(event.cell, { state: state as TaskState, why, run });
    const cell = cellOf(event);
    if (state === 'queued') {
      // It runs again: what it showed so far does not count.
      begun.delete(event.cell);
      errors.delete(event.cell);
    }
    if (!isTaskEnd(state)) {
      if (cell && !begun.has(event.cell)) {
        begun.add(event.cell);
        options.onBegin?.(event.cell, cell);
      }
    } else {
      options.onEnd?.(
        {
          cell: event.cell,
          status: '',
          state: state as TaskState,
          why,
          error: errors.get(event.cell) ?? null
        },
        mine(event)
      );
    }
  };

  const onOutput = (event: RunEvent & { kind: 'output' }) => {
    const { msg_type, content } = event.body;
    if (msg_type === 'input_request') {
      options.onInput?.(event.cell, inputRequest(content));
      return;
    }
    if (msg_type === 'error') {
      errors.set(event.cell, {
        ename: String(content.ename ?? ''),
        evalue: String(content.evalue ?? ''),
        traceback: (content.traceback as string[] | undefined) ?? []
      });
    }
    applyOutput(event.body, cellOf(event), displays);
  };

  const onDone = (event: RunEvent & { kind: 'done' }) => {
    const { status, execution_count } = event.body;
    const cell = cellOf(event);
    if (cell && execution_count !== null) {
      cell.executionCount = execution_count;
    }
    options.onEnd?.(
      {
        cell: event.cell,
        status,
        state: null,
        why: states.get(event.cell)?.why ?? null,
        error: errors.get(event.cell) ?? null
      },
      mine(event)
    );
  };

  const begun = new Set<string>(options.begun);
  const take = (event: RunEvent) => {
    if (event.kind === 'state') {
      onState(event);
    } else if (event.kind === 'output') {
      onOutput(event);
    } else if (event.kind === 'done') {
      onDone(event);
    }
    options.onTaken?.(event.seq);
  };
  const pace = new Pace<RunEvent>(take, mergeEvents);
  // While what the document lacks is fetched, events wait.
  let held: RunEvent[] | null = null;
  let writing: Promise<void> = Promise.resolve();
  const beginWriting = async () => {
    held = [];
    try {
      await pace.idle;
      const { seq, cells } = await api.outputs(run);
      isWriter = true;
      for (const [id, shown] of Object.entries(cells)) {
        begun.add(id);
        const cell = options.cell(id);
        if (cell) {
          options.onRestore?.(cell, shown, seq);
          cell.executionState = isTaskEnd(states.get(id)?.state ?? '')
            ? 'idle'
            : 'running';
        }
      }
      written = seq;
    } finally {
      const events: RunEvent[] = held;
      held = null;
      for (const event of events) {
        // Only what is still to be written may be merged.
        if (event.seq <= written) {
          take(event);
        } else {
          pace.push(event);
        }
      }
    }
  };
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'writer') {
      if (event.body.writer && !isWriter) {
        writing = beginWriting().catch(console.error);
      } else if (!event.body.writer) {
        isWriter = false;
      }
    } else if (held) {
      held.push(event);
    } else {
      pace.push(event);
    }
  };
  const { after, shared } = options;
  const stream = api.watch(run, onEvent, after, shared ?? undefined);
  await stream.finished;
  await writing;
  await pace.idle;
  if (!end) {
    const record = await api.show(run);
    end = { state: record.state, why: record.why };
  }
  return end;
}

/**
 * What a cell asks its user for.
 */
export function inputRequest(content: Record<string, unknown>): {
  prompt: string;
  password: boolean;
} {
  return {
    prompt: String(content.prompt ?? ''),
    password: content.password === true
  };
}

/**
 * Two successive events as one, where nobody sees the difference.
 */
function mergeEvents(first: RunEvent, second: RunEvent): RunEvent | null {
  if (
    first.kind !== 'output' ||
    second.kind !== 'output' ||
    first.cell !== second.cell
  ) {
    return null;
  }
  const body = mergeOutputs(first.body, second.body);
  return body && { ...second, body };
}

/**
 * A namespace for `followRun` statics.
 */
export namespace followRun {
  export interface IOptions {
    api: IApiClient;
    run: string;
    states: CellStates;
    displays: Displays;

    /**
     * The number of the last event that is already taken in, and the cells that have begun by it.
     */
    after?: number;
    begun?: Iterable<string>;

    /**
     * The document that this client shares with others: one of them writes.
     */
    shared?: SharedDocument | null;

    /**
     * Called with what a cell shows when this client begins to write.
     */
    onRestore?: (cell: ICodeCellModel, shown: CellOutputs, seq: number) => void;

    /**
     * Called after each event with its number.
     */
    onTaken?: (seq: number) => void;

    /**
     * The model of the cell that outputs are for; `null` when it is gone or its source is not the
     * one that ran.
     */
    cell: (id: string) => ICodeCellModel | null;

    /**
     * Called when a cell is heard of for the first time, and when it is to run again.
     */
    onBegin?: (id: string, cell: ICodeCellModel) => void;

    /**
     * Called when a cell is done and again when its task has its last state.
     *
     * @param cell - the cell's model where this client writes into it, else `null`: where two write
     * the same at once, one of them misses the change
     */
    onEnd?: (end: ICellEnd, cell: ICodeCellModel | null) => void;

    /**
     * Called when a cell asks for input.
     */
    onInput?: (
      cell: string,
      request: { prompt: string; password: boolean }
    ) => void;
  }
}
