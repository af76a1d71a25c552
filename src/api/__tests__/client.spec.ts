import { ServerConnection } from '@jupyterlab/services';

import { ApiClient, ApiError, type RunEvent } from '..';

interface ICall {
  url: string;
  method: string;
  body: unknown;
}

/**
 * A client whose server answers what it is told, in order; the last answer stays.
 */
function setup(...answers: [number, unknown][]) {
  const calls: ICall[] = [];
  const sockets: FakeSocket[] = [];
  class Socket extends FakeSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
    }
  }
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: 'http://host/base/',
    wsUrl: 'ws://host/base/',
    token: 'secret',
    appendToken: true,
    fetch: async (input: RequestInfo | URL) => {
      const request = input as Request;
      const text = await request.text();
      calls.push({
        url: request.url,
        method: request.method,
        body: text ? JSON.parse(text) : null
      });
      const [status, body] =
        answers.length > 1 ? answers.shift()! : (answers[0] ?? [204, null]);
      return new Response(
        status === 204
          ? null
          : typeof body === 'string'
            ? body
            : JSON.stringify(body),
        { status }
      );
    },
    WebSocket: Socket as unknown as typeof WebSocket
  });
  return { client: new ApiClient({ serverSettings }), calls, sockets };
}

class FakeSocket {
  constructor(readonly url: string) {}

  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  send(event: unknown): void {
    this.onmessage?.({ data: JSON.stringify([event]) });
  }

  close(): void {
    this.onclose?.();
  }
}

const state = (seq: number, name: string, cell: string | null = null) =>
  ({ seq, cell, kind: 'state', body: { state: name, why: null } }) as RunEvent;

/**
 * Let promises that need no time go on.
 */
const settle = async () => {
  for (let i = 0; i < 50; i++) {
    await Promise.resolve();
  }
};

describe('ApiClient', () => {
  it('asks below the base URL', async () => {
    const target = { name: 'local', kind: 'local', usable: true };
    const { client, calls } = setup([200, { targets: [target] }]);
    expect(await client.targets()).toEqual([target]);
    expect(calls[0].url).toMatch(/^http:\/\/host\/base\/dossier\/api\/targets/);
    expect(calls[0].method).toBe('GET');
  });

  it('posts a run and returns its id', async () => {
    const { client, calls } = setup([201, { run: 'r1' }]);
    const request = {
      kind: 'cell' as const,
      path: 'a.ipynb',
      kernel: 'k',
      cell: 'c',
      content: { nbformat: 4, cells: [] }
    };
    expect(await client.start(request)).toEqual({ run: 'r1', problems: [] });
    expect(calls[0]).toMatchObject({ method: 'POST', body: request });
  });

  it('accepts answers without a body', async () => {
    const { client, calls } = setup([204, null]);
    await client.cancel('a/b');
    expect(calls[0].url).toContain('/runs/a%2Fb/cancel');
  });

  it.each([
    [400, { message: 'no such target', field: 'target' }, 'refused'],
    [404, { message: 'no such run' }, 'refused'],
    [404, '<html>404</html>', 'missing'],
    [404, { message: 'Not Found', reason: null }, 'missing'],
    [503, 'upstream', 'offline'],
    [200, '<html>login</html>', 'mismatch'],
    [200, { something: 'else' }, 'mismatch']
  ])('tells %s %j from the others', async (status, body, kind) => {
    const { client } = setup([status, body]);
    const error = await client.targets().catch(error => error);
    expect(error).toBeInstanceOf(ApiError);
    expect(error.kind).toBe(kind);
    if (kind === 'refused') {
      expect(error.message).toBe((body as { message: string }).message);
    }
  });
});

describe('EventStream', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const watch = (...answers: [number, unknown][]) => {
    const fixture = setup(...answers);
    const seen: number[] = [];
    const stream = fixture.client.watch('r1', event => seen.push(event.seq), 3);
    let ended: string | null = null;
    stream.finished.then(
      () => (ended = 'resolved'),
      error => (ended = error.message)
    );
    return { ...fixture, seen, stream, ended: () => ended };
  };

  it('passes each event once and ends with the run', async () => {
    const { sockets, seen, ended } = watch([200, { state: 'done', seq: 5 }]);
    expect(sockets[0].url).toBe(
      'ws://host/base/dossier/api/runs/r1/events?after=3&token=secret'
    );
    sockets[0].send(state(3, 'running'));
    sockets[0].send(state(4, 'running'));
    sockets[0].send(state(4, 'running'));
    sockets[0].send(state(5, 'done'));
    expect(seen).toEqual([4, 5]);
    sockets[0].close();
    await settle();
    expect(ended()).toBe('resolved');
  });

  it('goes on after the last event when the connection breaks', async () => {
    const { sockets, seen, ended } = watch(
      [200, { state: 'running', seq: 4 }],
      [503, ''],
      [200, { state: 'done', seq: 6 }]
    );
    sockets[0].send(state(4, 'running'));
    sockets[0].close();
    await settle();
    expect(sockets).toHaveLength(1);
    jest.advanceTimersByTime(1000);
    expect(sockets[1].url).toContain('after=4');
    // The server is away for a while: that is no end either.
    sockets[1].close();
    await settle();
    jest.advanceTimersByTime(1000);
    expect(ended()).toBeNull();
    sockets[2].send(state(5, 'running'));
    sockets[2].send(state(6, 'done'));
    sockets[2].close();
    await settle();
    expect(seen).toEqual([4, 5, 6]);
    expect(ended()).toBe('resolved');
  });

  it('fetches what is missing although the run is over', async () => {
    const { sockets, seen, ended } = watch([200, { state: 'done', seq: 5 }]);
    sockets[0].send(state(4, 'running'));
    sockets[0].close();
    await settle();
    expect(ended()).toBeNull();
    jest.advanceTimersByTime(1000);
    sockets[1].send(state(5, 'done'));
    sockets[1].close();
    await settle();
    expect(seen).toEqual([4, 5]);
    expect(ended()).toBe('resolved');
  });

  it('gives up a run that is not there', async () => {
    const { sockets, ended } = watch([404, { message: 'no such run' }]);
    sockets[0].close();
    await settle();
    expect(ended()).toBe('no such run');
  });
});
