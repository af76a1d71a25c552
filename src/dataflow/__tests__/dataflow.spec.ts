import type { CodeCell } from '@jupyterlab/cells';
import {
  KernelError,
  NotebookActions,
  NotebookModel,
  type NotebookPanel
} from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import {
  ApiError,
  type Changes,
  type ChangesRequest,
  type FoundRuns,
  type IApiClient
} from '../../api';
import { ERROR_NAME, RunManager } from '../../run';
import type { ITroubles } from '../../troubles';
import { DataflowManager, edgeKey, type INotebookDataflow } from '..';

/**
 * A server whose analysis is that each cell depends on the one before it.
 */
class FakeServer {
  readonly requests: ChangesRequest[] = [];
  tasks: FoundRuns['tasks'] = [];
  refuse: Error | null = null;
  hold: Promise<void> | null = null;
  atOnce = 0;
  most = 0;
  private _asked = new PromiseDelegate<void>();
  private _edits = 0;
  private _now = new Map<string, string>();
  private _order: string[] = [];
  private _ran = new Map<string, string>();
  private _token: string | null = null;

  readonly api = {
    notebook: async () => ({ copy: false, tasks: this.tasks, runs: [] }),
    changes: async (request: ChangesRequest): Promise<Changes> => {
      this.atOnce++;
      this.most = Math.max(this.most, this.atOnce);
      this.requests.push(request);
      try {
        await this.hold;
        if (this.refuse) {
          throw this.refuse;
        }
        return this._answer(request);
      } finally {
        this.atOnce--;
        this._asked.resolve();
        this._asked = new PromiseDelegate();
      }
    }
  } as unknown as IApiClient;

  /**
   * Forget all, as a server that is started again does.
   */
  restart(): void {
    this._token = null;
  }

  /**
   * Resolves when the next request is answered.
   */
  get asked(): Promise<void> {
    return this._asked.promise;
  }

  private _answer(request: ChangesRequest): Changes {
    if (request.token === null) {
      this._now = new Map(request.cells.map(({ id, source }) => [id, source]));
      this._ran = new Map(this._now);
      this._order = Array.from(this._now.keys());
    } else if (request.token !== this._token) {
      return { token: null };
    }
    request.cells.forEach(({ id, source }) => this._now.set(id, source));
    request.ran?.forEach(({ id, source }) => this._ran.set(id, source));
    const was = this._order;
    this._order = request.order ?? this._order;
    const first = this._order.findIndex(
      id => this._now.get(id) !== this._ran.get(id)
    );
    this._token = `${++this._edits}`;
    const edges = (order: string[]) =>
      order.slice(1).map((to, index) => ({
        from: order[index],
        to,
        kind: 'value' as const,
        names: ['x'],
        why: ''
      }));
    return {
      token: this._token,
      cells: this._order.map((id, index) => ({
        id,
        index,
        reads: [],
        writes: [],
        barrier: null,
        prepares: false
      })),
      edges: { added: edges(this._order), removed: edges(was) },
      stale: (first < 0 ? [] : this._order.slice(first)).map(id => ({
        id,
        why: `${id} is stale`,
        left: false
      }))
    };
  }
}

describe('NotebookDataflow', () => {
  let server: FakeServer;
  let model: NotebookModel;
  let panel: NotebookPanel;
  let dataflow: INotebookDataflow;
  let runs: RunManager;
  const report = jest.fn();
  const content = {};

  const cell = (id: string) =>
    Array.from(model.cells).find(other => other.id === id)!;
  const edit = (id: string, source: string) =>
    cell(id).sharedModel.setSource(source);
  const marks = () =>
    Object.fromEntries(
      Array.from(dataflow.stale, ([id, { kind }]) => [id, kind])
    );
  const execute = (id: string, success = true, error = new Error()) => {
    const args = {
      notebook: content,
      cell: { model: cell(id), isDisposed: false } as unknown as CodeCell
    };
    emit(NotebookActions.executionScheduled, args);
    emit(NotebookActions.executed, {
      ...args,
      success,
      error: success ? undefined : error
    });
  };
  const emit = (signal: unknown, args: unknown) =>
    (signal as Signal<unknown, unknown>).emit(args);
  const until = async (holds: () => boolean) => {
    for (let turn = 0; turn < 50 && !holds(); turn++) {
      await Promise.resolve();
    }
  };
  const has = async (expected: Record<string, string>) => {
    await until(() => JSON.stringify(marks()) === JSON.stringify(expected));
    expect(marks()).toEqual(expected);
  };

  beforeEach(() => {
    server = new FakeServer();
    model = new NotebookModel();
    model.sharedModel.insertCells(
      0,
      ['a', 'b', 'c'].map(id => ({
        cell_type: 'code',
        id,
        source: `${id} = 1`,
        execution_count: 1
      }))
    );
    panel = {
      content,
      model,
      context: {
        ready: Promise.resolve(),
        localPath: 'one.ipynb',
        pathChanged: new Signal({})
      },
      sessionContext: { session: null, kernelChanged: new Signal({}) },
      disposed: new Signal({})
    } as unknown as NotebookPanel;
    runs = new RunManager({
      api: server.api,
      askInput: async () => null,
      showLoading: () => undefined
    });
    report.mockReset();
    const manager = new DataflowManager({
      api: server.api,
      runs,
      trans: nullTranslator.load(''),
      troubles: { report } as unknown as ITroubles
    });
    dataflow = manager.of(panel);
    expect(manager.of(panel)).toBe(dataflow);
  });

  afterEach(() => dataflow.dispose());

  it('asks nothing before it is used', async () => {
    edit('a', 'a = 2');
    await Promise.resolve();
    expect(server.requests).toEqual([]);
    const user = dataflow.use();
    await dataflow.ready;
    expect(server.requests.length).toBe(2);
    user.dispose();
    edit('a', 'a = 3');
    await Promise.resolve();
    expect(server.requests.length).toBe(2);
  });

  it('has the graph', async () => {
    dataflow.use();
    await dataflow.ready;
    expect(Array.from(dataflow.cells.keys())).toEqual(['a', 'b', 'c']);
    const edge = { from: 'a', to: 'b', kind: 'value' as const };
    expect(dataflow.edges.get(edgeKey(edge))?.names).toEqual(['x']);
    expect(marks()).toEqual({});
  });

  it('marks an edited cell at once, and the others when the answer comes', async () => {
    dataflow.use();
    await dataflow.ready;
    edit('b', 'b = 2');
    expect(marks()).toEqual({ b: 'edited' });
    await has({ b: 'edited', c: 'upstream' });
    expect(server.requests.pop()?.cells).toEqual([
      { id: 'b', source: 'b = 2', may_fail: false }
    ]);
    expect(dataflow.stale.get('c')?.why).toBe('c is stale');
  });

  it('takes marks back when an edit is undone', async () => {
    dataflow.use();
    await dataflow.ready;
    edit('b', 'b = 2');
    await has({ b: 'edited', c: 'upstream' });
    edit('b', 'b = 1');
    expect(marks()).toEqual({ c: 'upstream' });
    await has({});
  });

  it('takes the mark of a cell that ran back at once', async () => {
    dataflow.use();
    await dataflow.ready;
    edit('b', 'b = 2');
    await has({ b: 'edited', c: 'upstream' });
    execute('b');
    expect(marks()).toEqual({ c: 'upstream' });
    await server.asked;
    expect(server.requests.pop()?.ran).toEqual([
      { id: 'b', source: 'b = 2', may_fail: false }
    ]);
  });

  it('takes the source that was there when it was run', async () => {
    dataflow.use();
    await dataflow.ready;
    const args = { notebook: content, cell: { model: cell('c') } };
    edit('c', 'c = 2');
    emit(NotebookActions.executionScheduled, args);
    edit('c', 'c = 3');
    emit(NotebookActions.executed, { ...args, success: true });
    expect(marks()).toEqual({ c: 'edited' });
    edit('c', 'c = 2');
    await has({});
  });

  it('says of a cell that failed that it did', async () => {
    dataflow.use();
    await dataflow.ready;
    execute('c', false);
    expect(marks()).toEqual({ c: 'unfinished' });
    execute('c');
    expect(marks()).toEqual({});
  });

  it('takes a cell that was refused for one that has not run', async () => {
    model.sharedModel.insertCell(3, {
      cell_type: 'code',
      id: 'd',
      source: 'd'
    });
    dataflow.use();
    await dataflow.ready;
    const refused = { ename: ERROR_NAME, evalue: 'no target', traceback: [] };
    const error = new KernelError({ status: 'error', ...refused } as never);
    execute('d', false, error);
    expect(marks()).toEqual({ d: 'never-run' });
    // One that had run shows that no more.
    execute('c', false, error);
    expect(marks()).toEqual({ c: 'unfinished', d: 'never-run' });
    expect(dataflow.stale.get('c')?.why).toContain('refused');
    execute('c');
    expect(marks()).toEqual({ d: 'never-run' });
  });

  it('begins with what the ledger has', async () => {
    const task = { run: 'r', why: null, cleared: 0, saved: true };
    server.tasks = [
      { ...task, cell: 'a', state: 'done', source: 'a = 0' },
      { ...task, cell: 'c', state: 'skipped', source: 'c = 1' }
    ];
    dataflow.use();
    await dataflow.ready;
    expect(server.requests[0].cells.map(({ source }) => source)).toEqual([
      'a = 0',
      'b = 1'
    ]);
    expect(marks()).toEqual({
      a: 'edited',
      b: 'upstream',
      c: 'unfinished'
    });
  });

  it('marks cells that never ran', async () => {
    model.sharedModel.insertCell(3, { cell_type: 'code', id: 'd' });
    dataflow.use();
    await dataflow.ready;
    expect(marks()).toEqual({});
    edit('d', 'd = 1');
    expect(marks()).toEqual({ d: 'never-run' });
  });

  it('follows the runs of targets', async () => {
    dataflow.use();
    await dataflow.ready;
    const { states } = runs.open(model);
    edit('c', 'c = 2');
    server.tasks = [
      {
        cell: 'c',
        run: 'r',
        state: 'done',
        why: null,
        source: 'c = 2',
        cleared: 0,
        saved: false
      }
    ];
    states.set('c', { state: 'running', why: null, run: 'r' });
    states.set('c', { state: 'done', why: null, run: 'r' });
    await has({});
    states.set('c', { state: 'failed', why: null, run: 's' });
    states.set('b', { state: 'cancelled', why: null, run: 's' });
    server.tasks[0] = { ...server.tasks[0], run: 's', state: 'failed' };
    await has({ b: 'unfinished', c: 'unfinished' });
  });

  it('begins again when the server does not know it', async () => {
    dataflow.use();
    await dataflow.ready;
    edit('a', 'a = 2');
    await has({ a: 'edited', b: 'upstream', c: 'upstream' });
    server.restart();
    server.requests.length = 0;
    edit('a', 'a = 1');
    await has({});
    expect(server.requests.map(({ token }) => token === null)).toEqual([
      false,
      true,
      false
    ]);
    expect(dataflow.cells.size).toBe(3);
  });

  it('asks one at a time, and tells what happened meanwhile together', async () => {
    dataflow.use();
    await dataflow.settled();
    const held = new PromiseDelegate<void>();
    server.hold = held.promise;
    server.requests.length = 0;
    edit('a', 'a = 2');
    await Promise.resolve();
    edit('a', 'a = 3');
    edit('b', 'b = 3');
    await Promise.resolve();
    expect(server.requests.length).toBe(1);
    held.resolve();
    await until(() => server.requests.length === 2);
    expect(server.requests[1].cells.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(server.most).toBe(1);
  });

  it('follows cells that are added and deleted', async () => {
    dataflow.use();
    await dataflow.ready;
    model.sharedModel.deleteCell(1);
    model.sharedModel.insertCell(2, {
      cell_type: 'code',
      id: 'd',
      source: '4'
    });
    await server.asked;
    await Promise.resolve();
    expect(server.requests.pop()?.order).toEqual(['a', 'c', 'd']);
    await has({ d: 'never-run' });
    expect(Array.from(dataflow.cells.keys())).toEqual(['a', 'c', 'd']);
  });

  it('begins again under another path and with another kernel', async () => {
    dataflow.use();
    await dataflow.ready;
    const context = panel.context as unknown as {
      localPath: string;
      pathChanged: Signal<unknown, unknown>;
    };
    context.localPath = 'two.ipynb';
    context.pathChanged.emit(undefined);
    await server.asked;
    expect(server.requests.pop()).toMatchObject({
      path: 'two.ipynb',
      token: null
    });
    await server.asked;
    model.setMetadata('kernelspec', { name: 'other', display_name: '' });
    await server.asked;
    expect(server.requests.pop()).toMatchObject({
      kernelspec: 'other',
      token: null
    });
  });

  it('asks nothing about other languages', async () => {
    model.setMetadata('kernelspec', {
      name: 'ir',
      display_name: 'R',
      language: 'R'
    });
    dataflow.use();
    await Promise.resolve();
    await Promise.resolve();
    expect(server.requests).toEqual([]);
  });

  it('says that it is refused, and tries again when it is asked', async () => {
    const logged = jest.spyOn(console, 'error').mockImplementation();
    server.refuse = new ApiError('no analysis', 'refused');
    dataflow.use();
    const { ready } = dataflow;
    await expect(dataflow.settled()).rejects.toBe(server.refuse);
    await expect(ready).rejects.toBe(server.refuse);
    await expect(dataflow.settled()).rejects.toBe(server.refuse);
    server.refuse = null;
    await dataflow.settled();
    await dataflow.ready;
    expect(dataflow.cells.size).toBe(3);
    server.refuse = new ApiError('no analysis', 'refused');
    edit('a', 'a = 2');
    await expect(dataflow.settled()).rejects.toBe(server.refuse);
    expect(logged).toHaveBeenCalled();
    logged.mockRestore();
  });

  it('refuses another language with words, until there is Python', async () => {
    const kernelspec = { name: 'ir', display_name: 'R', language: 'R' };
    model.setMetadata('kernelspec', kernelspec);
    dataflow.use();
    await expect(dataflow.settled()).rejects.toThrow(
      'Notebooks in R cannot be analysed yet'
    );
    await expect(dataflow.settled()).rejects.toThrow('Notebooks in R');
    expect(server.requests).toEqual([]);
    model.deleteMetadata('kernelspec');
    await dataflow.settled();
    expect(dataflow.cells.size).toBe(3);
  });

  it('stops where there is no server half, and says so', async () => {
    server.refuse = new ApiError('', 'missing');
    dataflow.use();
    await server.asked;
    await Promise.resolve();
    await Promise.resolve();
    edit('a', 'a = 2');
    await Promise.resolve();
    expect(report).toHaveBeenCalledTimes(1);
    expect(server.requests.length).toBe(1);
    await expect(dataflow.settled()).rejects.toBe(server.refuse);
  });

  it('tries again when the server is back', async () => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask'] });
    server.refuse = new ApiError('', 'offline');
    dataflow.use();
    await server.asked;
    await jest.advanceTimersByTimeAsync(0);
    server.refuse = null;
    await jest.advanceTimersByTimeAsync(1000);
    await dataflow.ready;
    jest.useRealTimers();
    expect(dataflow.cells.size).toBe(3);
    expect(report).not.toHaveBeenCalled();
  });
});
