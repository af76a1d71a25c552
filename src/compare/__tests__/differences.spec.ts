import {
  changedLines,
  type ComparedCell,
  differencesOf,
  grouped
} from '../differences';

type Task = NonNullable<ComparedCell['left']>;

function task(more: Partial<Task> = {}): Task {
  return {
    id: 'a',
    index: 0,
    state: 'done',
    target: 'local',
    why: null,
    started: 1,
    ended: 2,
    execution_count: 1,
    ...more
  };
}

function cell(id: string, more: Partial<ComparedCell> = {}): ComparedCell {
  return {
    id,
    left: task(),
    right: task(),
    code: [],
    inputs: [],
    outputs: [],
    ...more
  };
}

describe('differencesOf', () => {
  it('takes a reused result for one that was executed', () => {
    const right = task({ state: 'reused' });
    expect(differencesOf(cell('a', { right }))).toEqual([]);
    expect(
      differencesOf(cell('a', { right: task({ state: 'failed' }) }))
    ).toEqual(['state']);
  });

  it('names all in which a cell differs', () => {
    const found = differencesOf(
      cell('a', {
        code: ['@@ -1 +1 @@', '-x = 1', '+x = 2'],
        inputs: [
          { name: 'x', same: true },
          { name: 'y', same: false }
        ],
        outputs: ['output 0: text'],
        right: task({ target: 'big' })
      })
    );
    expect(found).toEqual(['code', 'inputs', 'outputs', 'target']);
    expect(differencesOf(cell('a', { left: null }))).toEqual(['missing']);
    // A cell that neither run executed is the same in both.
    expect(differencesOf(cell('a', { left: null, right: null }))).toEqual([]);
  });
});

describe('grouped', () => {
  it('folds cells in a row that are the same, and keeps the order', () => {
    const cells = [
      cell('a'),
      cell('b'),
      cell('c', { code: ['@@', '+x'] }),
      cell('d', { outputs: ['other'] }),
      cell('e')
    ];
    const ids = grouped(cells).map(group =>
      group.isSame ? group.cells.map(({ id }) => id) : group.cell.id
    );
    expect(ids).toEqual([['a', 'b'], 'c', 'd', ['e']]);
  });
});

describe('changedLines', () => {
  it('counts lines of a unified difference', () => {
    const code = ['@@ -1,2 +1,3 @@', ' same', '-old', '+new', '+more'];
    expect(changedLines(code)).toEqual({ added: 2, removed: 1 });
  });
});
