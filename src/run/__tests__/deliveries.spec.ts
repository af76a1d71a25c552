import type { ICodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { NotebookModel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';

import type { IApiClient } from '../../api';
import { Deliveries } from '../deliveries';
import { changeOutputs } from '../outputs';

type SaveState = DocumentRegistry.SaveState;

describe('Deliveries', () => {
  let notebook: NotebookModel;
  let cell: ICodeCellModel;
  let told: unknown[];
  let deliveries: Deliveries;
  let save: (state: SaveState) => void;

  beforeEach(() => {
    notebook = new NotebookModel();
    notebook.fromJSON({
      cells: [
        {
          cell_type: 'code',
          id: 'a',
          source: '',
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
    told = [];
    deliveries = new Deliveries({
      delivered: async (run: string, delivery: object) => {
        told.push({ run, ...delivery });
      }
    } as unknown as IApiClient);
    const context = {} as DocumentRegistry.Context;
    const saveState = new Signal<DocumentRegistry.Context, SaveState>(context);
    Object.assign(context, { saveState });
    save = state => saveState.emit(state);
    deliveries.watch(context);
    deliveries.begin('run1', cell);
    deliveries.advance('run1', 7);
    changeOutputs(cell.outputs, () => {
      cell.outputs.add({ output_type: 'stream', name: 'stdout', text: 'x' });
    });
  });

  afterEach(() => notebook.dispose());

  it('tells what its user cleared, not what a run clears', () => {
    changeOutputs(cell.outputs, () => cell.outputs.clear());
    expect(told).toEqual([]);
    cell.outputs.clear();
    expect(told).toEqual([
      { run: 'run1', cells: ['a'], seq: 7, how: 'cleared' }
    ]);
  });

  it('tells what was saved once, when the run has ended', () => {
    save('started');
    save('completed');
    deliveries.end('run1');
    expect(told).toEqual([]);
    save('started');
    save('failed');
    expect(told).toEqual([]);
    for (let times = 0; times < 2; times++) {
      save('started');
      save('completed');
    }
    expect(told).toEqual([{ run: 'run1', cells: ['a'], seq: 7, how: 'saved' }]);
  });

  it('does not take a run that ends during a save for saved', () => {
    save('started');
    deliveries.end('run1');
    save('completed');
    expect(told).toEqual([]);
  });

  it('does not take the outputs of the next run for those of the last', () => {
    deliveries.end('run1');
    deliveries.begin('run2', cell);
    save('started');
    save('completed');
    expect(told).toEqual([]);
  });
});
