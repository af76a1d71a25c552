import { nullTranslator } from '@jupyterlab/translation';

import { edgeLabel, isStaleShown, shortened } from '../words';

const trans = nullTranslator.load('jupyterlab');

describe('edgeLabel', () => {
  it('names what goes along and how much it takes', () => {
    expect(edgeLabel({ names: ['a', 'b'], bytes: 2048 }, trans)).toBe(
      'a, b · 2.0 KiB'
    );
    expect(
      edgeLabel(
        { names: ['a', 'b', 'c', 'd', '<process>'], bytes: null },
        trans
      )
    ).toBe('a, b, c and 1 more');
  });
});

describe('isStaleShown', () => {
  const look = { label: '', target: null, took: null };

  it('prefers why a cell must run again once its run is over', () => {
    expect(isStaleShown({ ...look, state: null, stale: 'never-run' })).toBe(
      true
    );
    expect(isStaleShown({ ...look, state: 'running', stale: 'edited' })).toBe(
      false
    );
    expect(
      isStaleShown({ ...look, state: 'failed', stale: 'unfinished' })
    ).toBe(false);
    expect(isStaleShown({ ...look, state: 'done', stale: null })).toBe(false);
  });
});

describe('shortened', () => {
  it('says that there is more', () => {
    expect(shortened('abcdef', 4)).toBe('abc…');
    expect(shortened('abcd', 4)).toBe('abcd');
  });
});
