import { PromiseDelegate } from '@lumino/coreutils';

import { CellQueue } from '..';

describe('CellQueue', () => {
  const stop = { stopOnError: true };

  it('runs one at a time, in order', async () => {
    const queue = new CellQueue();
    const log: string[] = [];
    const first = new PromiseDelegate<void>();
    const a = queue.add(async () => {
      log.push('a begins');
      await first.promise;
      log.push('a ends');
      return 1;
    }, stop);
    const b = queue.add(async () => {
      log.push('b');
      return 2;
    }, stop);
    await Promise.resolve();
    expect(log).toEqual(['a begins']);
    first.resolve();
    expect(await Promise.all([a, b])).toEqual([1, 2]);
    expect(log).toEqual(['a begins', 'a ends', 'b']);
  });

  it('drops what waits at a failure, and takes what comes after it', async () => {
    const queue = new CellQueue();
    const bad = queue.add(() => Promise.reject(new Error('no')), stop);
    const waiting = queue.add(async () => 'ran', stop);
    await expect(bad).rejects.toThrow('no');
    const later = queue.add(async () => 'ran', stop);
    expect(await waiting).toBeNull();
    expect(await later).toBe('ran');
  });

  it('goes on after a failure that is expected', async () => {
    const queue = new CellQueue();
    const bad = queue.add(() => Promise.reject(new Error('no')), {
      stopOnError: false
    });
    const next = queue.add(async () => 'ran', stop);
    await expect(bad).rejects.toThrow('no');
    expect(await next).toBe('ran');
  });

  it('drops what waits when it is told so, not what runs', async () => {
    const queue = new CellQueue();
    const gate = new PromiseDelegate<string>();
    const running = queue.add(() => gate.promise, stop);
    await Promise.resolve();
    await Promise.resolve();
    const waiting = queue.add(async () => 'ran', stop);
    queue.drop();
    gate.resolve('ran');
    expect(await running).toBe('ran');
    expect(await waiting).toBeNull();
  });
});
