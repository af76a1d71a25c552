import type { ISessionContext } from '@jupyterlab/apputils';
import type { CodeCell, ICodeCellModel } from '@jupyterlab/cells';
import {
  type INotebookCellExecutor,
  KernelError,
  NotebookModel
} from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { ApiError, type IApiClient, type RunEvent } from '../../api';
import { setCellTargets, setDefaultTarget } from '../../notebook';
import { CellExecutor, RunManager } from '..';

type Body = RunEvent['body'];

/**
 * A server whose runs go on as the test says.
 */
class FakeServer {
  readonly log: string[] = [];
  refuse: Error | null = null;
  starting: Promise<void> | null = null;
  loading: PromiseDelegate<boolean> | null = null;
  private _onEvent!: (event: RunEvent) => void;
  private _finish!: () => void;
  private _seq = 0;
  private _runs = 0;
  private _started: PromiseDelegate<string>[] = [];

  readonly api = {
    start: async ({
      kind,
      cell,
      target
    }: {
      kind: string;
      cell?: string;
      target?: string;
    }) => {
      if (this.refuse) {
        throw this.refuse;
      }
      this.log.push(`start ${cell ?? kind}${target ? ` on ${target}` : ''}`);
      await this.starting;
      return { run: `run${++this._runs}`, problems: [] };
    },
    prepare: async ({ cell }: { cell: string }) => {
      if (this.refuse) {
        throw this.refuse;
      }
      this.log.push(`prepare ${cell}`);
      const stopped = (await this.loading?.promise) ?? false;
      return { loaded: [], bytes: 0, gone: [], stopped };
    },
    stopLoading: async (_: string, cell: string) => {
      this.log.push(`stop ${cell}`);
      this.loading?.resolve(true);
    },
    watch: (run: string, onEvent: (event: RunEvent) => void) => {
      this._onEvent = onEvent;
      const finished = new Promise<void>(resolve => (this._finish = resolve));
      this._next().resolve(run);
      return { finished };
    },
    show: async () => ({ state: 'lost', why: 'its worker was lost' }),
    cancel: async (run: string) => void this.log.push(`cancel ${run}`),
    interrupt: async (run: string, cell: string) =>
      void this.log.push(`interrupt ${run} ${cell}`),
    input: async (run: string, cell: string, value: string) =>
      void this.log.push(`input ${value}`)
  } as unknown as IApiClient;

  /**
   * Resolves when the next run is followed.
   */
  started(): Promise<string> {
    const next = new PromiseDelegate<string>();
    this._started.push(next);
    return next.promise;
  }

  emit(cell: string | null, kind: RunEvent['kind'], body: Body): void {
    this._onEvent({ seq: ++this._seq, cell, kind, body } as RunEvent);
  }

  print(cell: string, text: string): void {
    this.emit(cell, 'output', {
      msg_type: 'stream',
      content: { name: 'stdout', text },
      metadata: {}
    });
  }

  finish(): void {
    this._finish();
  }

  private _next(): PromiseDelegate<string> {
    return this._started.shift() ?? new PromiseDelegate<string>();
  }
}

describe('CellExecutor', () => {
  let server: FakeServer;
  let notebook: NotebookModel;
  let executor: CellExecutor;
  let runs: RunManager;
  let inKernel: Map<string, PromiseDelegate<boolean>>;
  let sessionContext: ISessionContext & {
    statusChanged: Signal<object, string>;
  };
  let told: string[];
  let permit: (target: string) => true | Promise<boolean>;

  beforeEach(() => {
    permit = () => true;
    server = new FakeServer();
    told = [];
    notebook = new NotebookModel();
    notebook.sharedModel.insertCells(
      0,
      ['a', 'b', 'c', 'd'].map(id => ({
        cell_type: 'code' as const,
        id,
        source: `${id} = 1`
      }))
    );
    inKernel = new Map();
    runs = new RunManager({
      api: server.api,
      askInput: async () => 'typed',
      showLoading: () => undefined
    });
    executor = new CellExecutor({
      localPath: path => path.replace('RTC:', ''),
      permit: (_, target) => permit(target),
      runs,
      stock: ({ cell }) => {
        server.log.push(`kernel ${cell.model.id}`);
        const result = new PromiseDelegate<boolean>();
        inKernel.set(cell.model.id, result);
        return result.promise;
      },
      trans: nullTranslator.load(''),
      troubles: {
        report: error => {
          told.push((error as Error).message);
          return (error as Error).message;
        },
        words: error => (error as Error).message
      }
    });
    sessionContext = {
      path: 'RTC:a.ipynb',
      isTerminating: false,
      hasNoKernel: false,
      ready: Promise.resolve(),
      session: { kernel: { id: 'k1' } },
      statusChanged: new Signal({}),
      iopubMessage: new Signal({})
    } as never;
  });

  const model = (id: string) =>
    Array.from(notebook.cells).find(cell => cell.id === id) as ICodeCellModel;

  const run = (id: string, executed: string[] = []) =>
    executor.runCell({
      cell: { model: model(id), isDisposed: false } as unknown as CodeCell,
      notebook,
      notebookConfig: {} as never,
      onCellExecuted: ({ success }) =>
        executed.push(`${id} ${success ? 'ok' : 'failed'}`),
      onCellExecutionScheduled: () => executed.push(`${id} scheduled`),
      sessionContext
    } as INotebookCellExecutor.IRunCellOptions);

  const settle = async () => {
    for (let i = 0; i < 50; i++) {
      await Promise.resolve();
    }
    // Events are handled after a frame.
    await new Promise(resolve =>
      requestAnimationFrame(() => setTimeout(resolve))
    );
  };

  it('leaves a notebook without anything of ours to the kernel', async () => {
    const a = run('a');
    const b = run('b');
    // Both at once: the kernel has its own queue.
    expect(server.log).toEqual(['kernel a', 'kernel b']);
    inKernel.get('a')!.resolve(true);
    inKernel.get('b')!.resolve(false);
    expect(await a).toBe(true);
    expect(await b).toBe(false);
    expect(runs.find(notebook)).toBeNull();
  });

  it('leaves a cell as it was where the user refuses', async () => {
    setCellTargets(notebook, [model('b')], 'local');
    model('b').outputs.add({
      output_type: 'stream',
      name: 'stdout',
      text: '1'
    });
    const answer = new PromiseDelegate<boolean>();
    permit = target => target === 'kernel' || answer.promise;
    const results = ['a', 'b', 'c'].map(id => run(id));
    await settle();
    inKernel.get('a')!.resolve(true);
    expect(model('b').executionState).toBe('running');
    expect(model('b').outputs.length).toBe(1);
    answer.resolve(false);
    expect(await Promise.all(results)).toEqual([true, false, false]);
    expect(server.log).toEqual(['prepare a', 'kernel a']);
    expect(model('b').outputs.length).toBe(1);
    for (const id of ['b', 'c']) {
      expect(model(id).executionState).toBe('idle');
      expect(model(id).executionCount).toBeNull();
    }
  });

  it('runs a cell elsewhere once', async () => {
    setCellTargets(notebook, [model('a')], 'local');
    const { once } = runs.open(notebook);
    once.set('a', 'kernel');
    const a = run('a');
    await settle();
    expect(server.log).toEqual(['prepare a', 'kernel a']);
    inKernel.get('a')!.resolve(true);
    expect(await a).toBe(true);
    once.set('b', 'big');
    const started = server.started();
    const b = run('b');
    await started;
    server.emit('b', 'done', { status: 'ok', execution_count: 2 });
    expect(await b).toBe(true);
    expect(server.log.slice(2)).toEqual(['start b on big']);
    // Next time the cell runs where it always does.
    void run('b');
    await settle();
    expect(server.log.slice(3)).toEqual(['prepare b', 'kernel b']);
  });

  it('runs mixed cells one after the other, in the order asked for', async () => {
    setCellTargets(notebook, [model('b')], 'local');
    const executed: string[] = [];
    const results = ['a', 'b', 'c'].map(id => run(id, executed));
    expect(executed).toEqual(['a scheduled', 'b scheduled', 'c scheduled']);
    expect(model('c').executionState).toBe('running');
    await settle();
    expect(server.log).toEqual(['prepare a', 'kernel a']);
    const started = server.started();
    inKernel.get('a')!.resolve(true);
    await started;
    expect(server.log.slice(2)).toEqual(['start b']);

    server.print('b', 'one\n');
    await settle();
    expect(model('b').outputs.toJSON()).toMatchObject([{ text: 'one\n' }]);
    expect(runs.find(notebook)!.states.get('b')?.state).toBe('queued');
    server.emit('b', 'state', { state: 'running', why: null });
    await settle();
    expect(runs.find(notebook)!.states.get('b')?.state).toBe('running');
    server.print('b', 'two\n');
    server.emit('b', 'done', { status: 'ok', execution_count: 7 });
    await settle();
    expect(model('b').outputs.toJSON()).toMatchObject([{ text: 'one\ntwo\n' }]);
    expect(model('b').executionCount).toBe(7);
    expect(model('b').executionState).toBe('idle');
    expect(server.log.slice(3)).toEqual(['prepare c', 'kernel c']);
    inKernel.get('c')!.resolve(true);
    expect(await Promise.all(results)).toEqual([true, true, true]);
    expect(executed).toContain('b ok');
  });

  it('interrupts a cell that was being sent', async () => {
    setCellTargets(notebook, [model('a')], 'local');
    const sent = new PromiseDelegate<void>();
    server.starting = sent.promise;
    const started = server.started();
    const results = [run('a'), run('b')];
    await settle();
    const opened = runs.find(notebook)!;
    expect(opened.canInterrupt).toBe(true);
    await opened.interrupt();
    sent.resolve();
    await started;
    expect(server.log).toEqual(['start a', 'interrupt run1 a']);
    server.emit('a', 'state', { state: 'cancelled', why: 'interrupted' });
    expect(await Promise.all(results)).toEqual([false, false]);
    expect(opened.canInterrupt).toBe(false);
  });

  it('does not run a kernel cell whose values are not to be loaded', async () => {
    setCellTargets(notebook, [model('d')], 'local');
    server.loading = new PromiseDelegate();
    const results = [run('a'), run('b')];
    await settle();
    await runs.find(notebook)!.interrupt();
    expect(await Promise.all(results)).toEqual([false, false]);
    expect(server.log).toEqual(['prepare a', 'stop a']);
    expect(model('a').executionState).toBe('idle');
  });

  it('stops at an error as a kernel does', async () => {
    setDefaultTarget(notebook, 'local');
    const started = server.started();
    const executed: string[] = [];
    const a = run('a', executed);
    const b = run('b', executed);
    await started;
    server.emit('a', 'output', {
      msg_type: 'error',
      content: { ename: 'ValueError', evalue: 'no', traceback: ['tb'] },
      metadata: {}
    });
    server.emit('a', 'done', { status: 'error', execution_count: 1 });
    const error = await a.catch(error => error);
    expect(error).toBeInstanceOf(KernelError);
    expect(error.errorName).toBe('ValueError');
    expect(error.traceback).toEqual(['tb']);
    expect(await b).toBe(false);
    expect(server.log).toEqual(['start a']);
    expect(model('b').executionState).toBe('idle');
    expect(executed).toContain('a failed');
    // The error stands in the cell once.
    expect(model('a').outputs.length).toBe(1);
  });

  it('goes on after an error that is expected', async () => {
    setDefaultTarget(notebook, 'local');
    model('a').setMetadata('tags', ['raises-exception']);
    const first = server.started();
    const a = run('a');
    const b = run('b');
    await first;
    const second = server.started();
    server.emit('a', 'done', { status: 'error', execution_count: 1 });
    await expect(a).rejects.toThrow();
    await second;
    server.emit('b', 'done', { status: 'ok', execution_count: 2 });
    expect(await b).toBe(true);
  });

  it('lets a refusal stand on the cell', async () => {
    setCellTargets(notebook, [model('a')], 'nowhere');
    server.refuse = new ApiError('no target “nowhere”', 'refused');
    await expect(run('a')).rejects.toBeInstanceOf(KernelError);
    expect(model('a').outputs.toJSON()).toMatchObject([
      { output_type: 'error', evalue: 'no target “nowhere”' }
    ]);
    expect(model('a').executionState).toBe('idle');
    expect(told).toEqual(['no target “nowhere”']);
  });

  it('lets the reason stand on a cell that its worker refused', async () => {
    setCellTargets(notebook, [model('a')], 'local');
    const started = server.started();
    const a = run('a');
    await started;
    const why = 'Refused: a set-up statement failed';
    server.emit('a', 'done', { status: 'refused', execution_count: null });
    server.emit('a', 'state', { state: 'failed', why });
    await expect(a).rejects.toBeInstanceOf(KernelError);
    expect(model('a').outputs.toJSON()).toMatchObject([{ evalue: why }]);
  });

  it('says why a run ended without a word on its cell', async () => {
    setCellTargets(notebook, [model('a')], 'local');
    const started = server.started();
    const a = run('a');
    await started;
    server.finish();
    await expect(a).rejects.toBeInstanceOf(KernelError);
    expect(model('a').outputs.toJSON()).toMatchObject([
      { evalue: 'its worker was lost' }
    ]);
  });

  it('runs kernel cells although the server half is missing', async () => {
    setCellTargets(notebook, [model('b')], 'local');
    server.refuse = new ApiError('', 'missing');
    const a = run('a');
    await settle();
    inKernel.get('a')!.resolve(true);
    expect(await a).toBe(true);
  });

  it('does not run a kernel cell whose values cannot be loaded', async () => {
    setCellTargets(notebook, [model('a')], 'local');
    const started = server.started();
    const a = run('a');
    await started;
    server.emit('a', 'done', { status: 'ok', execution_count: 1 });
    await a;
    server.refuse = new ApiError('x is an open file', 'refused');
    await expect(run('b')).rejects.toThrow('x is an open file');
    expect(server.log).not.toContain('kernel b');
    expect(model('b').outputs.toJSON()).toMatchObject([
      { evalue: 'x is an open file' }
    ]);
  });

  it('interrupts the cell that runs elsewhere and drops what waits', async () => {
    setDefaultTarget(notebook, 'local');
    const started = server.started();
    const a = run('a');
    const b = run('b');
    await started;
    await runs.find(notebook)!.interrupt();
    expect(server.log).toContain('interrupt run1 a');
    server.emit('a', 'done', { status: 'error', execution_count: 1 });
    await expect(a).rejects.toThrow();
    expect(await b).toBe(false);
  });

  it.each([
    ['restarting', []],
    ['autorestarting', ['cancel run1']]
  ])(
    'forgets what was made elsewhere when the kernel is %s',
    async (status, cancelled) => {
      setDefaultTarget(notebook, 'local');
      const started = server.started();
      const a = run('a');
      const b = run('b');
      await started;
      sessionContext.statusChanged.emit(status);
      // A restart that was asked for reaches the server, which cancels with the reason.
      expect(server.log).toEqual(['start a', ...cancelled]);
      server.emit('a', 'state', { state: 'cancelled', why: null });
      expect(await a).toBe(false);
      expect(await b).toBe(false);
      expect(runs.find(notebook)!.hasRemoteValues).toBe(false);
    }
  );

  it('asks for input and passes the answer on', async () => {
    setCellTargets(notebook, [model('a')], 'local');
    const started = server.started();
    const a = run('a');
    await started;
    server.emit('a', 'output', {
      msg_type: 'input_request',
      content: { prompt: 'Name?', password: false },
      metadata: {}
    });
    await settle();
    expect(server.log).toContain('input typed');
    server.emit('a', 'done', { status: 'ok', execution_count: 1 });
    await a;
  });

  it('leaves what a cell asks for to others once the notebook is closed', async () => {
    setCellTargets(notebook, [model('a')], 'local');
    const started = server.started();
    const a = run('a');
    await started;
    notebook.dispose();
    server.emit('a', 'output', {
      msg_type: 'input_request',
      content: { prompt: 'Name?', password: false },
      metadata: {}
    });
    await settle();
    expect(server.log).not.toContain('input typed');
    server.emit('a', 'done', { status: 'ok', execution_count: 1 });
    await a;
  });

  it('runs an empty cell nowhere', async () => {
    setDefaultTarget(notebook, 'local');
    model('a').sharedModel.setSource('  \n');
    expect(await run('a')).toBe(true);
    expect(server.log).toEqual([]);
  });

  describe('workflow', () => {
    it('writes outputs into the cells as long as these are what ran', async () => {
      const open = runs.open(notebook);
      model('a').outputs.add({
        output_type: 'stream',
        name: 'stdout',
        text: 'old'
      });
      const started = server.started();
      const workflow = open.runWorkflow('a.ipynb', () => undefined);
      await started;
      expect(open.workflow).toBe('run1');
      server.emit('a', 'state', { state: 'queued', why: null });
      server.emit('b', 'state', { state: 'queued', why: null });
      await settle();
      expect(model('a').outputs.length).toBe(0);
      expect(model('a').executionState).toBe('running');
      server.print('b', 'from b');
      server.print('a', 'from a');
      await settle();
      model('b').sharedModel.setSource('edited');
      server.print('b', 'more');
      await settle();
      server.emit('a', 'done', { status: 'ok', execution_count: 1 });
      server.emit('a', 'state', { state: 'done', why: null });
      server.emit('b', 'state', { state: 'failed', why: null });
      server.emit('c', 'state', { state: 'skipped', why: 'b failed' });
      server.emit(null, 'state', { state: 'failed', why: 'b failed' });
      server.finish();
      expect(await workflow).toEqual({
        state: 'failed',
        why: 'b failed',
        failed: ['b']
      });
      expect(model('a').outputs.toJSON()).toMatchObject([{ text: 'from a' }]);
      expect(model('b').outputs.toJSON()).toMatchObject([{ text: 'from b' }]);
      expect(model('c').outputs.length).toBe(0);
      expect(model('a').executionCount).toBe(1);
      for (const id of ['a', 'b', 'c']) {
        expect(model(id).executionState).toBe('idle');
      }
      expect(open.workflow).toBeNull();
    });
  });
});
