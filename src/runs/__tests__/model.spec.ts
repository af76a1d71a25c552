import type { IApiClient, RunSummary } from '../../api';
import { RunsModel } from '../model';

function summary(run: string, more: Partial<RunSummary> = {}): RunSummary {
  return {
    run,
    kind: 'workflow',
    path: 'a/b.ipynb',
    state: 'done',
    why: null,
    created: 1,
    ended: 2,
    progress: null,
    ...more
  };
}

function makeModel(options: {
  isShown?: () => boolean;
  runs: (path?: string) => Promise<RunSummary[]>;
}) {
  const api = { runs: options.runs } as IApiClient;
  return new RunsModel({ api, isShown: options.isShown ?? (() => true) });
}

describe('RunsModel', () => {
  it('asks, and finds by all words of a query', async () => {
    const model = makeModel({
      runs: async () => [
        summary('one', { path: 'deep/first.ipynb' }),
        summary('two', { path: 'second.ipynb', state: 'failed', why: 'Boom' })
      ]
    });
    await model.refresh();
    expect(model.found.map(({ run }) => run)).toEqual(['one', 'two']);
    model.query = 'FAILED boom';
    expect(model.found.map(({ run }) => run)).toEqual(['two']);
    model.query = 'failed first';
    expect(model.found).toEqual([]);
    model.dispose();
  });

  it('asks for the runs of a notebook, and shows no others meanwhile', async () => {
    const asked: (string | undefined)[] = [];
    const model = makeModel({
      runs: async path => {
        asked.push(path);
        return [summary(path ?? 'all')];
      }
    });
    await model.refresh();
    model.path = 'x.ipynb';
    expect(model.runs).toBeNull();
    await model.refresh();
    expect(model.found.map(({ run }) => run)).toEqual(['x.ipynb']);
    expect(asked).toContain('x.ipynb');
    model.dispose();
  });

  it('tells why there is no answer, and forgets it at the next', async () => {
    let fails = true;
    const model = makeModel({
      runs: async () => {
        if (fails) {
          throw new Error('away');
        }
        return [];
      }
    });
    await model.refresh().catch(() => undefined);
    expect(String(model.error)).toContain('away');
    fails = false;
    await model.refresh();
    expect(model.error).toBeNull();
    model.dispose();
  });
});
