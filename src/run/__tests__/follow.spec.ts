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
  it('drops what a cell showed when it is queued again', async () => {
    const notebook = new NotebookModel();
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
    const cell = notebook.cells.get(0) as ICodeCellModel;
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
    notebook.dispose();
  });
});
