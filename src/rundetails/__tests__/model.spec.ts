import { ApiError, type IApiClient } from '../../api';
import { RunModel } from '../model';

describe('RunModel', () => {
  const refused = new ApiError('no such cell', 'refused');
  let refuses: boolean;
  let model: RunModel;

  beforeEach(async () => {
    refuses = false;
    const api = {
      show: async () => ({
        run: 'run1',
        seq: 3,
        state: 'done',
        tasks: ['a', 'b'].map(id => ({ id, state: 'done' }))
      }),
      runGraph: async () => ({}),
      cell: async (_: string, cell: string) => {
        if (refuses) {
          throw refused;
        }
        return { source: cell };
      },
      outputs: async (_: string, cell: string) => ({
        seq: 3,
        cells: { [cell]: { outputs: [], execution_count: 1 } }
      })
    } as unknown as IApiClient;
    model = new RunModel({ api, run: 'run1' });
    await model.load();
  });

  afterEach(() => model.dispose());

  const selected = (cell: string) =>
    new Promise<void>(resolve => {
      model.select(cell);
      model.cellChanged.connect(() => resolve());
    });

  it('says why a cell is not known, and shows the run and other cells', async () => {
    refuses = true;
    await selected('a');
    expect(model.cellError).toBe(refused);
    expect(model.error).toBeNull();
    refuses = false;
    await selected('b');
    expect(model.cellError).toBeNull();
    expect(model.details).toEqual({ source: 'b' });
    expect(model.outputs).toEqual({ outputs: [], execution_count: 1 });
  });
});
