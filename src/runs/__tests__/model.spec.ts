import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { type IApiClient, RUN_SCHEMA, type RunSummary } from '../../api';
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
  const events = { stream } as unknown as Event.IManager;
  return new RunsModel({
    api,
    events,
    isShown: options.isShown ?? (() => true)
  });
}

const stream = new Signal<object, object>({});

describe('RunsModel', () => {
  it('asks again when a run is told of, and not for anything else', async () => {
    let asked = 0;
    const model = makeModel({
      runs: async () => {
        asked++;
        return [];
      }
    });
    await model.refresh();
    stream.emit({ schema_id: 'https://example.org/other' });
    const before = asked;
    const changed = new Promise(resolve => model.changed.connect(resolve));
    stream.emit({ schema_id: RUN_SCHEMA });
    await changed;
    expect(asked).toBe(before + 1);
    model.dispose();
  });

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
