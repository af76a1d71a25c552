import type { ICodeCellModel } from '@jupyterlab/cells';
import { NotebookModel } from '@jupyterlab/notebook';

import type { IApiClient, RunEvent } from '../../api';
import { followRun } from '..';
import { Displays } from '../displays';
import { CellStates } from '../states';

const stream = (text: string) => ({
  msg_type: 'stream',
  content: { name: 'stdout', text },
  metadata: {}
});

describe('followRun', () => {
  let notebook: NotebookModel;
  let cell: ICodeCellModel;

  beforeEach(() => {
    notebook = new NotebookModel();
    notebook.fromJSON({
      cells: [
        {
          cell_type: 'code',
          id: 'a',
          source: 'print(x)',
          metadata: {},
          outputs: [],
          execution_count: null
        }
      ],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5
    });
    cell = notebook.cells.get(0) as ICodeCellModel;
  });

  afterEach(() => notebook.dispose());

  it('drops what a cell showed when it is queued again', async () => {
    const events: [string | null, RunEvent['kind'], object][] = [
      ['a', 'state', { state: 'running', why: null }],
      ['a', 'output', stream('early\n')],
      ['a', 'state', { state: 'done', why: null }],
      ['a', 'state', { state: 'queued', why: 'cell 0 changed `x`' }],
      ['a', 'state', { state: 'running', why: null }],
      ['a', 'output', stream('right\n')],
      ['a', 'state', { state: 'done', why: null }],
      [null, 'state', { state: 'done', why: null }]
    ];
    const api = {
      watch: (_run: string, onEvent: (event: RunEvent) => void) => {
        events.forEach(([id, kind, body], seq) =>
          onEvent({ seq, cell: id, kind, body } as RunEvent)
        );
        return { finished: Promise.resolve() };
      }
    } as unknown as IApiClient;
    const end = await followRun({
      api,
      run: 'run1',
      states: new CellStates(),
      displays: new Displays(),
      cell: id => (id === 'a' ? cell : null),
      onBegin: (_id, model) => model.outputs.clear()
    });
    expect(end.state).toBe('done');
    expect(cell.outputs.toJSON()).toEqual([
      { output_type: 'stream', name: 'stdout', text: 'right\n' }
    ]);
  });

  it('takes over from a writer that went, and writes nothing twice', async () => {
    const event = (seq: number, text: string) =>
      ({ seq, cell: 'a', kind: 'output', body: stream(text) }) as RunEvent;
    const writer = (isWriter: boolean) =>
      ({
        seq: 0,
        cell: null,
        kind: 'writer',
        body: { writer: isWriter }
      }) as unknown as RunEvent;
    const asked: string[] = [];
    const stands = stream('1\n2\n').content;
    const api = {
      watch: (_run: string, onEvent: (event: RunEvent) => void) => {
        const play = async () => {
          onEvent(writer(false));
          onEvent(event(1, '1\n'));
          onEvent(writer(true));
          // These come while what the document lacks is fetched.
          onEvent(event(2, '2\n'));
          onEvent(event(3, '3\n'));
          await new Promise(resolve => setTimeout(resolve));
          onEvent(event(4, '4\n'));
          await new Promise(resolve => setTimeout(resolve, 50));
          onEvent(writer(false));
          onEvent(event(5, '5\n'));
          onEvent({
            seq: 6,
            cell: null,
            kind: 'state',
            body: { state: 'done', why: null }
          } as RunEvent);
        };
        return { finished: play() };
      },
      outputs: async (run: string) => {
        asked.push(run);
        return { seq: 2, cells: { a: { outputs: [stands] } } };
      }
    } as unknown as IApiClient;
    const restored: number[] = [];
    await followRun({
      api,
      run: 'run1',
      states: new CellStates(),
      displays: new Displays(),
      cell: () => cell,
      shared: { id: 'document', client: 1 } as never,
      onRestore: (model, _shown, seq) => {
        restored.push(seq);
        model.outputs.fromJSON([
          { output_type: 'stream', name: 'stdout', text: '1\n2\n' }
        ]);
      }
    });
    expect(asked).toEqual(['run1']);
    expect(restored).toEqual([2]);
    expect(cell.outputs.toJSON()).toEqual([
      { output_type: 'stream', name: 'stdout', text: '1\n2\n3\n4\n' }
    ]);
  });

  it('says of a cell that ended whether this client writes it', async () => {
    const writer = (isWriter: boolean) =>
      ({
        seq: 0,
        cell: null,
        kind: 'writer',
        body: { writer: isWriter }
      }) as unknown as RunEvent;
    const done = (seq: number, id: string | null) =>
      ({
        seq,
        cell: id,
        kind: 'state',
        body: { state: 'done', why: null }
      }) as RunEvent;
    const api = {
      watch: (_run: string, onEvent: (event: RunEvent) => void) => {
        const play = async () => {
          onEvent(writer(false));
          onEvent(done(1, 'a'));
          onEvent(writer(true));
          // The document is restored up to the end of the cell, which is heard of only now.
          onEvent(done(2, 'a'));
          onEvent(done(3, null));
        };
        return { finished: play() };
      },
      outputs: async () => ({ seq: 2, cells: { a: { outputs: [] } } })
    } as unknown as IApiClient;
    const written: unknown[] = [];
    await followRun({
      api,
      run: 'run1',
      states: new CellStates(),
      displays: new Displays(),
      cell: () => cell,
      shared: { document: 'document', client: '1' },
      onEnd: (_, model) => written.push(model)
    });
    expect(written).toEqual([null, cell]);
  });
});
