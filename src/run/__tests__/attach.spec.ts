import type { ICodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { NotebookModel } from '@jupyterlab/notebook';
import type { Event } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import type { IApiClient, RunEvent } from '../../api';
import type { ITroubles } from '../../troubles';
import { type NotebookRuns, RunManager } from '..';
import { Attachment } from '../attach';

describe('Attachment', () => {
  let notebook: NotebookModel;
  let watching: ((event: RunEvent) => void)[];
  let save: (state: DocumentRegistry.SaveState) => void;
  let told: string[];
  let attach: () => Attachment;
  let follows: PromiseDelegate<void>;
  let finish: () => void;
  let runs: NotebookRuns;
  const report = jest.fn();

  beforeEach(() => {
    notebook = new NotebookModel();
    notebook.sharedModel.insertCell(0, {
      cell_type: 'code',
      id: 'a',
      source: 'print("x")'
    });
    watching = [];
    told = [];
    follows = new PromiseDelegate();
    const end = new PromiseDelegate<void>();
    finish = () => end.resolve();
    const api = {
      notebook: async () => ({
        copy: false,
        runs: [{ run: 'run1', kind: 'cell' }],
        tasks: [
          {
            cell: 'a',
            run: 'run1',
            saved: false,
            source: 'print("x")',
            state: 'running',
            why: null
          }
        ]
      }),
      outputs: async () => ({
        seq: 3,
        cells: {
          a: {
            outputs: [],
            execution_count: null,
            displays: [],
            clears_next: false,
            input: null
          }
        }
      }),
      watch: (_: string, onEvent: (event: RunEvent) => void) => {
        watching.push(onEvent);
        follows.resolve();
        return { finished: end.promise };
      },
      show: async () => ({ state: 'done', why: null }),
      delivered: async (run: string, { how }: { how: string }) =>
        void told.push(`${how} ${run}`)
    } as unknown as IApiClient;
    const context = { localPath: 'one.ipynb' } as DocumentRegistry.Context;
    const saveState = new Signal<
      DocumentRegistry.Context,
      DocumentRegistry.SaveState
    >(context);
    Object.assign(context, { saveState });
    save = state => saveState.emit(state);
    runs = new RunManager({
      api,
      askInput: async () => null,
      showLoading: () => undefined
    }).open(notebook);
    const events = { stream: new Signal({}) } as unknown as Event.IManager;
    attach = () =>
      new Attachment({
        api,
        context,
        events,
        model: notebook,
        runs,
        trans: nullTranslator.load(''),
        troubles: { report } as unknown as ITroubles
      });
  });

  afterEach(() => notebook.dispose());

  const settle = () => new Promise(resolve => setTimeout(resolve));

  it('takes a run on once for all views of a notebook', async () => {
    const first = attach();
    const second = attach();
    await follows.promise;
    await settle();
    expect(watching).toHaveLength(1);
    first.dispose();
    watching.forEach(onEvent =>
      onEvent({
        seq: 4,
        cell: 'a',
        kind: 'output',
        body: {
          msg_type: 'stream',
          content: { name: 'stdout', text: 'x' },
          metadata: {}
        }
      } as RunEvent)
    );
    const ended = new Promise<void>(resolve =>
      runs.changed.connect(() => runs.isRunning || resolve())
    );
    finish();
    await ended;
    const { outputs } = notebook.cells.get(0) as ICodeCellModel;
    expect(outputs.toJSON()).toMatchObject([{ text: 'x' }]);
    save('started');
    save('completed');
    await settle();
    expect(told).toEqual(['saved run1']);
    second.dispose();
    expect(report).not.toHaveBeenCalled();
  });
});
