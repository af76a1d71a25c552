import { CodeCellModel } from '@jupyterlab/cells';

import { Displays } from '../displays';
import { applyOutput, restoreOutputs } from '../outputs';

describe('applyOutput', () => {
  let displays: Displays;
  let cell: CodeCellModel;

  beforeEach(() => {
    displays = new Displays();
    cell = new CodeCellModel();
  });

  const apply = (
    msg_type: string,
    content: Record<string, unknown>,
    target: CodeCellModel | null = cell
  ) => applyOutput({ msg_type, content, metadata: {} }, target, displays);

  const display = (text: string, id?: string) => ({
    data: { 'text/plain': text },
    metadata: {},
    ...(id ? { transient: { display_id: id } } : {})
  });

  it('joins the lines of one stream, and keeps streams apart', () => {
    apply('stream', { name: 'stdout', text: 'a\n' });
    apply('stream', { name: 'stdout', text: 'b\n' });
    apply('stream', { name: 'stderr', text: 'c\n' });
    expect(cell.outputs.toJSON()).toEqual([
      { output_type: 'stream', name: 'stdout', text: 'a\nb\n' },
      { output_type: 'stream', name: 'stderr', text: 'c\n' }
    ]);
  });

  it('writes results, errors and displays as nbformat has them', () => {
    apply('execute_result', { ...display('1'), execution_count: 4 });
    apply('display_data', display('2', 'id'));
    apply('error', { ename: 'E', evalue: 'v', traceback: ['t'] });
    expect(cell.outputs.toJSON()).toEqual([
      {
        output_type: 'execute_result',
        data: { 'text/plain': '1' },
        metadata: {},
        execution_count: 4
      },
      {
        output_type: 'display_data',
        data: { 'text/plain': '2' },
        metadata: {}
      },
      { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['t'] }
    ]);
  });

  it('updates displays, those of other cells too', () => {
    const other = new CodeCellModel();
    apply('display_data', display('old', 'id'), other);
    apply('stream', { name: 'stdout', text: 'a' });
    apply('display_data', display('old', 'id'));
    apply('display_data', display('old', 'another'));
    apply('update_display_data', display('new', 'id'), null);
    const texts = [...other.outputs.toJSON(), ...cell.outputs.toJSON()].map(
      output => (output.data as Record<string, unknown>)?.['text/plain'] ?? null
    );
    expect(texts).toEqual(['new', null, 'new', 'old']);
  });

  it('clears at once, or with the next output', () => {
    apply('stream', { name: 'stdout', text: 'a' });
    apply('clear_output', { wait: true });
    expect(cell.outputs.length).toBe(1);
    apply('stream', { name: 'stdout', text: 'b' });
    expect(cell.outputs.toJSON()).toMatchObject([{ text: 'b' }]);
    apply('clear_output', { wait: false });
    expect(cell.outputs.length).toBe(0);
  });

  it('forgets displays that were cleared', () => {
    apply('display_data', display('old', 'id'));
    apply('clear_output', { wait: true });
    apply('display_data', display('another', 'other'));
    apply('update_display_data', display('new', 'id'));
    expect(cell.outputs.toJSON()).toMatchObject([
      { data: { 'text/plain': 'another' } }
    ]);
    apply('update_display_data', display('newer', 'other'));
    expect(cell.outputs.toJSON()).toMatchObject([
      { data: { 'text/plain': 'newer' } }
    ]);
  });

  it('writes nothing where the cell is gone', () => {
    expect(() =>
      apply('stream', { name: 'stdout', text: 'a' }, null)
    ).not.toThrow();
    expect(cell.outputs.length).toBe(0);
  });
});

describe('restoreOutputs', () => {
  const shown = (text: string) => ({
    outputs: [{ output_type: 'stream', name: 'stdout', text }],
    execution_count: null,
    displays: [],
    clears_next: false,
    input: null
  });

  it.each([
    [
      'an untrusted cell, whose views follow only outputs that are added',
      false
    ],
    ['a trusted one only if it shows something else', true]
  ])('writes %s', (_, trusted) => {
    const cell = new CodeCellModel();
    cell.outputs.add({ output_type: 'stream', name: 'stdout', text: 'a\n' });
    cell.trusted = trusted;
    const added: string[] = [];
    cell.outputs.changed.connect((_, { type }) => {
      if (type === 'add') {
        added.push(type);
      }
    });
    restoreOutputs(cell, shown('a\n') as never, new Displays());
    expect(added).toHaveLength(trusted ? 0 : 1);
    restoreOutputs(cell, shown('b\n') as never, new Displays());
    expect(added).toHaveLength(trusted ? 1 : 2);
    expect(cell.outputs.toJSON()).toEqual(shown('b\n').outputs);
    expect(cell.trusted).toBe(true);
  });
});
