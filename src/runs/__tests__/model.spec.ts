import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import {
  type IApiClient,
  type IWhichRuns,
  RUN_SCHEMA,
  type RunsPage,
  type RunSummary
} from '../../api';
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

function page(runs: RunSummary[], more = false): RunsPage {
  return { runs, more };
}

/**
 * A ledger of so many runs, which tells 200 at once.
 */
function ledger(count: number) {
  const ids = Array.from({ length: count }, (_, at) => `run-${at}`).reverse();
  const all = ids.map(id => summary(id));
  const asked: (string | undefined)[] = [];
  return {
    all,
    asked,
    runs: async ({ before }: IWhichRuns) => {
      asked.push(before);
      const from = before ? all.findIndex(({ run }) => run === before) + 1 : 0;
      return page(all.slice(from, from + 200), from + 200 < all.length);
    }
  };
}

function makeModel(options: {
  isShown?: () => boolean;
  runs: (which: IWhichRuns) => Promise<RunsPage>;
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
        return page([]);
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
      runs: async () =>
        page([
          summary('one', { path: 'deep/first.ipynb' }),
          summary('two', { path: 'second.ipynb', state: 'failed', why: 'Boom' })
        ])
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
      runs: async ({ path }) => {
        asked.push(path);
        return page([summary(path ?? 'all')]);
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
        return page([]);
      }
    });
    await model.refresh().catch(() => undefined);
    expect(String(model.error)).toContain('away');
    fails = false;
    await model.refresh();
    expect(model.error).toBeNull();
    model.dispose();
  });

  it('shows older runs a page at a time, until there are none', async () => {
    const { runs } = ledger(450);
    const model = makeModel({ runs });
    await model.refresh();
    expect(model.found).toHaveLength(200);
    expect(model.hasOlder).toBe(true);
    await model.showOlder();
    expect(model.found).toHaveLength(400);
    await model.showOlder();
    expect(model.found).toHaveLength(450);
    expect(new Set(model.found.map(({ run }) => run)).size).toBe(450);
    expect(model.hasOlder).toBe(false);
    model.dispose();
  });

  it('shows what is wanted while it asks, without waiting for the next time', async () => {
    const { runs } = ledger(450);
    let held: { asked: () => void; answered: Promise<void> } | null = null;
    const model = makeModel({
      runs: async which => {
        const now = held;
        held = null;
        now?.asked();
        await now?.answered;
        return runs(which);
      }
    });
    /**
     * Hold the next question back until what is returned is called.
     */
    const hold = (refreshing: () => Promise<void>) =>
      new Promise<() => Promise<void>>(resolve => {
        let answer = () => {};
        const answered = new Promise<void>(done => (answer = done));
        const asked = () => {
          resolve(() => {
            answer();
            return refreshed;
          });
        };
        held = { asked, answered };
        const refreshed = refreshing();
      });
    await model.refresh();
    const first = await hold(() => model.refresh());
    const older = model.showOlder();
    await Promise.all([first(), older]);
    expect(model.found).toHaveLength(400);

    const again = await hold(() => model.refresh());
    model.path = 'a/b.ipynb';
    expect(model.runs).toBeNull();
    await again();
    expect(model.found).toHaveLength(200);
    model.dispose();
  });

  it('asks for older runs again where newer ones were removed elsewhere', async () => {
    const { all, asked, runs } = ledger(500);
    const model = makeModel({ runs });
    await model.refresh();
    await model.showOlder();
    all.splice(50, 50);
    const changed = new Promise(resolve => model.changed.connect(resolve));
    stream.emit({ schema_id: RUN_SCHEMA });
    await changed;
    expect(model.runs).toHaveLength(400);
    expect(model.runs).toEqual(all.slice(0, 400));
    expect(asked.pop()).toBe(all[199].run);
    model.dispose();
  });

  it('asks again for older runs only where one is going or the user asks', async () => {
    const { all, asked, runs } = ledger(350);
    const model = makeModel({ runs });
    const told = async () => {
      asked.length = 0;
      const changed = new Promise(resolve => model.changed.connect(resolve));
      stream.emit({ schema_id: RUN_SCHEMA });
      await changed;
      return [...asked];
    };
    await model.refresh();
    await model.showOlder();
    all.unshift(summary('new'));
    expect(await told()).toEqual([undefined]);
    expect(model.runs).toHaveLength(351);
    expect(model.runs?.[0].run).toBe('new');

    all[300] = summary(all[300].run, { state: 'running', ended: null });
    await model.refresh();
    expect(model.runs?.[300].state).toBe('running');
    all[300] = summary(all[300].run);
    expect(await told()).toEqual([undefined, all[199].run]);
    expect(model.runs?.[300].state).toBe('done');

    // Removed, as by a clean-up, which asks for all.
    all.splice(150);
    await model.refresh();
    expect(model.runs).toHaveLength(150);
    expect(model.hasOlder).toBe(false);
    model.dispose();
  });
});
