import { numbered } from '../numbered';

describe('numbered', () => {
  it('counts cells from 1, and leaves what is quoted', () => {
    expect(numbered('cell 0 sets `cell 0`; cells 1, 2 and 9 use it')).toBe(
      'cell 1 sets `cell 0`; cells 2, 3 and 10 use it'
    );
    expect(numbered('3 cells')).toBe('3 cells');
    expect(numbered('cell 0 failed before code cell 2')).toBe(
      'cell 1 failed before code cell 2'
    );
  });
});
