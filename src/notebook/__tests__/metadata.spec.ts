import { CodeCellModel } from '@jupyterlab/cells';
import { NotebookModel } from '@jupyterlab/notebook';

import {
  effectiveTarget,
  getOptions,
  getTarget,
  hasDossier,
  setCellOptions,
  setCellTargets,
  setDefaultTarget,
  toContent
} from '..';

describe('metadata', () => {
  let notebook: NotebookModel;
  let cell: CodeCellModel;

  beforeEach(() => {
    notebook = new NotebookModel();
    notebook.sharedModel.insertCell(0, { cell_type: 'code', source: 'x = 1' });
    cell = notebook.cells.get(0) as CodeCellModel;
  });

  it('writes the target and, once, the notebook’s id', () => {
    setCellTargets(notebook, [cell], 'local');
    expect(cell.getMetadata('dossier')).toEqual({
      version: 1,
      target: 'local'
    });
    const written = notebook.getMetadata('dossier');
    expect(written).toEqual({ version: 1, id: expect.any(String) });
    setCellTargets(notebook, [cell], 'hpc');
    expect(notebook.getMetadata('dossier')).toEqual(written);
    expect(getTarget(cell)).toBe('hpc');
  });

  it('takes the key away with the target', () => {
    setCellTargets(notebook, [cell], 'local');
    setCellTargets(notebook, [cell], null);
    expect(hasDossier(cell)).toBe(false);
  });

  it('keeps what it does not know', () => {
    const effects = { reads: ['a'] };
    cell.setMetadata('dossier', { version: 1, target: 'local', effects });
    cell.setMetadata('tags', ['keep']);
    setCellTargets(notebook, [cell], 'hpc');
    expect(cell.getMetadata('dossier').effects).toEqual(effects);
    setCellTargets(notebook, [cell], null);
    expect(cell.getMetadata('dossier')).toEqual({ version: 1, effects });
    expect(cell.getMetadata('tags')).toEqual(['keep']);
  });

  it('takes options away with the target that they were for', () => {
    setCellTargets(notebook, [cell], 'local');
    setCellOptions(notebook, [cell], { memory: 100 });
    expect(getOptions(cell)).toEqual({ memory: 100 });
    setCellTargets(notebook, [cell], 'local');
    expect(getOptions(cell)).toEqual({ memory: 100 });
    setCellTargets(notebook, [cell], 'hpc');
    expect(cell.getMetadata('dossier')).toEqual({ version: 1, target: 'hpc' });
    setCellOptions(notebook, [cell], {});
    expect(cell.getMetadata('dossier')).toEqual({ version: 1, target: 'hpc' });
  });

  it.each([true, false])(
    'is undone for all cells at once (undo of a cell’s text by itself: %j)',
    disableDocumentWideUndoRedo => {
      notebook = new NotebookModel({ disableDocumentWideUndoRedo });
      notebook.sharedModel.insertCells(0, [
        { cell_type: 'code', source: 'x' },
        { cell_type: 'code', source: 'y' }
      ]);
      notebook.sharedModel.clearUndoHistory();
      const cells = Array.from(notebook.cells);
      const targets = () => cells.map(getTarget);
      setCellTargets(notebook, cells.slice(0, 1), 'hpc');
      setCellTargets(notebook, cells, 'local');
      setCellOptions(notebook, cells, { memory: 100 });
      const { sharedModel } = notebook;
      sharedModel.undo();
      expect(cells.map(getOptions)).toEqual([{}, {}]);
      sharedModel.undo();
      expect(targets()).toEqual(['hpc', null]);
      sharedModel.undo();
      expect(targets()).toEqual([null, null]);
      sharedModel.redo();
      sharedModel.redo();
      expect(targets()).toEqual(['local', 'local']);
      expect(sharedModel.canUndo()).toBe(true);
    }
  );

  it.each([7, 'local', ['local'], { target: 3 }, { target: '' }, null])(
    'counts %j as no target',
    value => {
      cell.setMetadata('dossier', value as never);
      expect(getTarget(cell)).toBeNull();
    }
  );

  it('prefers the cell’s target to the notebook’s to the kernel', () => {
    expect(effectiveTarget(notebook, cell)).toBe('kernel');
    setDefaultTarget(notebook, 'local');
    expect(effectiveTarget(notebook, cell)).toBe('local');
    setCellTargets(notebook, [cell], 'kernel');
    expect(effectiveTarget(notebook, cell)).toBe('kernel');
    setDefaultTarget(notebook, null);
    expect(notebook.getMetadata('dossier')).toEqual({
      version: 1,
      id: expect.any(String)
    });
  });

  it('sends the document without its outputs', () => {
    cell.outputs.add({ output_type: 'stream', name: 'stdout', text: 'big' });
    cell.executionCount = 3;
    setCellTargets(notebook, [cell], 'local');
    const content = toContent(notebook);
    expect(content.nbformat).toBe(4);
    expect(content.nbformat_minor).toBeGreaterThanOrEqual(5);
    expect(content.cells[0]).toEqual({
      cell_type: 'code',
      id: cell.id,
      metadata: expect.objectContaining({
        dossier: { version: 1, target: 'local' }
      }),
      source: 'x = 1',
      outputs: [],
      execution_count: null
    });
  });
});
