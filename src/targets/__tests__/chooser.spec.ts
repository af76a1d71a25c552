import type { ICodeCellModel } from '@jupyterlab/cells';
import { type Notebook, NotebookModel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { Target } from '../../api';
import {
  getTarget,
  setCellTargets,
  setDefaultTarget,
  setNotebookOptions
} from '../../notebook';
import { type ITargetsModel, TargetChooser } from '..';

const SCHEMA = { type: 'object', properties: { memory: { type: 'integer' } } };

const target = (name: string, more: Partial<Target> = {}): Target => ({
  name,
  kind: name,
  usable: true,
  why: null,
  costly: false,
  options: null,
  ...more
});

describe('TargetChooser', () => {
  let model: NotebookModel;
  let cells: ICodeCellModel[];
  let notebook: Notebook;
  let activated: number;
  let targets: { targets: Target[]; refresh(): Promise<void> };
  let changed: Signal<object, void>;
  let chooser: TargetChooser;
  let anchor: HTMLElement;

  beforeEach(() => {
    // jsdom has no layout.
    Element.prototype.scrollIntoView = () => undefined;
    model = new NotebookModel();
    model.sharedModel.insertCells(0, [
      { cell_type: 'code', source: 'x' },
      { cell_type: 'code', source: 'y' }
    ]);
    cells = Array.from(model.cells).slice(0, 2) as ICodeCellModel[];
    activated = 0;
    notebook = { model, activate: () => activated++ } as unknown as Notebook;
    targets = {
      targets: [
        target('kernel'),
        target('local', { options: SCHEMA }),
        target('big', { kind: 'hpc', costly: true }),
        target('full', { usable: false, why: 'no quota left' })
      ],
      refresh: async () => undefined
    };
    changed = new Signal(targets);
    chooser = new TargetChooser({
      targets: { ...targets, changed } as unknown as ITargetsModel,
      trans: nullTranslator.load('jupyterlab_dossier')
    });
    anchor = document.createElement('button');
    document.body.append(anchor);
  });

  afterEach(() => {
    press('Escape');
    anchor.remove();
  });

  const menu = () => document.querySelector('[role=menu]');
  const items = () =>
    Array.from(document.querySelectorAll<HTMLElement>('[role^=menuitem]'));
  const texts = () => items().map(item => item.textContent!.trim());
  const focused = () => document.activeElement?.textContent ?? '';
  const press = (key: string, more: Partial<KeyboardEvent> = {}) => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true });
    for (const [name, value] of Object.entries(more)) {
      Object.defineProperty(event, name, { value });
    }
    document.activeElement?.dispatchEvent(event);
  };

  it('tells of each target what it is and why it cannot be used', async () => {
    setDefaultTarget(model, 'local');
    await chooser.chooseForCells(notebook, [cells[0]], anchor);
    expect(texts()).toEqual([
      'default (local) as the notebook says',
      'kernel ready',
      'local ready',
      'big hpc · ready · costs',
      'full not usable no quota left',
      'Options of local for the notebook…'
    ]);
    const full = items()[4];
    expect(full.getAttribute('aria-disabled')).toBe('true');
    expect(full.title).toBe('no quota left');
    expect(focused()).toContain('default (local)');
    expect(anchor.getAttribute('aria-expanded')).toBe('true');
  });

  it('is used by keys alone', async () => {
    await chooser.chooseForCells(notebook, cells, anchor);
    expect(menu()!.textContent).toContain('Target of 2 cells');
    press('ArrowDown');
    expect(focused()).toContain('kernel');
    press('End');
    // What cannot be chosen can be read.
    expect(focused()).toContain('no quota left');
    press('Enter');
    expect(menu()).not.toBeNull();
    press('l');
    expect(focused()).toContain('local');
    press(' ');
    expect(menu()).toBeNull();
    expect(cells.map(getTarget)).toEqual(['local', 'local']);
    expect(activated).toBe(1);
    expect(anchor.hasAttribute('aria-expanded')).toBe(false);
  });

  it('goes to the name that is typed, and typing chooses none', async () => {
    setDefaultTarget(model, 'local');
    await chooser.chooseForCells(notebook, cells, anchor);
    for (const name of ['kernel', 'local', 'big']) {
      [...name].forEach(key => press(key));
      expect(focused()).toMatch(new RegExp(`^${name}`));
      press('Shift');
      expect(focused()).toMatch(new RegExp(`^${name}`));
      // Arrows end what was typed.
      press('ArrowDown');
    }
    [...'options of'].forEach(key => press(key));
    expect(focused()).toMatch(/^Options of local/);
    press('Home');
    press('z');
    expect(focused()).toMatch(/^default/);
    expect(menu()).not.toBeNull();
    expect(cells.map(getTarget)).toEqual([null, null]);
  });

  it('goes from name to name by one letter again and again', async () => {
    targets.targets.push(target('lab'));
    await chooser.chooseForCells(notebook, cells, anchor);
    for (const name of ['local', 'lab', 'local']) {
      press('l');
      expect(focused()).toMatch(new RegExp(`^${name}`));
    }
    press('Home');
    press('k');
    // After a second another name begins.
    press('l', { timeStamp: Number.MAX_VALUE });
    expect(focused()).toMatch(/^local/);
  });

  it('changes nothing where the user leaves', async () => {
    await chooser.chooseForCells(notebook, cells, anchor);
    press('ArrowDown');
    press('Escape');
    expect(menu()).toBeNull();
    expect(activated).toBe(1);
    expect(cells.map(getTarget)).toEqual([null, null]);
  });

  it('keeps a target that nobody knows', async () => {
    setCellTargets(model, [cells[0]], 'gone');
    await chooser.chooseForCells(notebook, [cells[0]], anchor);
    expect(items()[5].textContent).toContain('knows no target of that name');
    expect(items()[5].getAttribute('aria-checked')).toBe('true');
  });

  it('shows what the server says while it is open', async () => {
    await chooser.chooseForCells(notebook, cells, anchor);
    press('End');
    targets.targets[3] = target('full');
    changed.emit();
    expect(focused()).toContain('full');
    expect(focused()).toContain('ready');
    press('Enter');
    expect(cells.map(getTarget)).toEqual(['full', 'full']);
  });

  it('sets the default of the notebook', async () => {
    await chooser.chooseForCells(notebook, cells, anchor, () => []);
    const last = items().filter(item => item.textContent!.startsWith('local'));
    last[1].click();
    expect(getTarget(model)).toBe('local');
    expect(cells.map(getTarget)).toEqual([null, null]);
  });

  it('knows which target the notebook gives options to', () => {
    expect(chooser.targetWithOptions(notebook, cells)).toBeNull();
    setDefaultTarget(model, 'local');
    expect(chooser.targetWithOptions(notebook, cells)).toBe('local');
    setCellTargets(model, [cells[0]], 'big');
    expect(chooser.targetWithOptions(notebook, cells)).toBeNull();
    expect(chooser.targetWithOptions(notebook, [])).toBe('local');
    setNotebookOptions(model, 'local', { memory: 100 });
    expect(chooser.inheritedBy(model, cells[1])).toEqual({});
    setCellTargets(model, [cells[1]], 'local');
    expect(chooser.inheritedBy(model, cells[1])).toEqual({ memory: 100 });
    setNotebookOptions(model, 'local', {});
    expect(model.getMetadata('dossier')).not.toHaveProperty('options');
  });

  it('offers options where all cells can give the same', () => {
    expect(chooser.schemaOf(cells)).toBeNull();
    setCellTargets(model, [cells[0]], 'local');
    expect(chooser.schemaOf([cells[0]])).toEqual(SCHEMA);
    expect(chooser.schemaOf(cells)).toBeNull();
    setCellTargets(model, cells, 'local');
    expect(chooser.schemaOf(cells)).toEqual(SCHEMA);
  });
});
