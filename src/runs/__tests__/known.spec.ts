import { KnownRuns } from '../known';

describe('KnownRuns', () => {
  it('says when a run is not what it was, and only then', () => {
    const changed = jest.fn();
    const known = new KnownRuns(changed);
    expect(known.get('one')).toBeNull();
    known.note([{ run: 'one', kind: 'workflow', state: 'running' }]);
    expect(changed).toHaveBeenCalledTimes(1);
    known.note([{ run: 'one', kind: 'workflow', state: 'running' }]);
    expect(changed).toHaveBeenCalledTimes(1);
    known.note([{ run: 'one', kind: 'workflow', state: 'done' }]);
    expect(changed).toHaveBeenCalledTimes(2);
    expect(known.get('one')?.state).toBe('done');
  });
});
