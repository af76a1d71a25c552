import { Notification } from '@jupyterlab/apputils';
import { NotebookModel, type NotebookPanel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { CellStates, type NotebookRuns } from '../../run';
import { DEFAULTS, type IDossierSettings } from '../../settings';
import { LongRuns } from '../longruns';

const NAME = 'one.ipynb';

/**
 * A notebook of one cell, of which a test says how its runs go.
 */
class Runs {
  readonly states = new CellStates();
  readonly changed = new Signal<this, void>(this);
  readonly opened: string[] = [];
  workflow: string | null = null;

  readonly notebook = new NotebookModel();

  constructor() {
    const { notebook } = this;
    notebook.sharedModel.insertCell(0, { cell_type: 'code', id: 'one' });
    new LongRuns({
      notebook,
      openRun: run => this.opened.push(run),
      panel: () =>
        notebook.isDisposed
          ? null
          : ({ title: { label: NAME } } as NotebookPanel),
      runs: this as unknown as NotebookRuns,
      settings: {
        values: { ...DEFAULTS, notifyAfter: 30 }
      } as IDossierSettings,
      trans: nullTranslator.load('')
    });
  }

  take(seconds: number): void {
    jest.setSystemTime(Date.now() + 1000 * seconds);
  }
}

describe('LongRuns', () => {
  const system = jest.fn();
  let emit: jest.SpyInstance;
  let isHidden = false;

  beforeEach(() => {
    jest.useFakeTimers();
    emit = jest.spyOn(Notification, 'emit').mockReturnValue('');
    system.mockReset();
    globalThis.Notification = Object.assign(
      jest.fn((_, { body }) => system(body)),
      { permission: 'granted' }
    ) as never;
    jest.spyOn(document, 'hidden', 'get').mockImplementation(() => isHidden);
    isHidden = false;
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('tells of a cell that took long, from when it was queued', () => {
    const runs = new Runs();
    runs.states.set('one', { state: 'queued', why: null });
    runs.take(20);
    runs.states.set('one', { state: 'running', why: null });
    runs.take(70);
    runs.states.set('one', { state: 'done', why: null, run: 'run1' });
    expect(emit).toHaveBeenCalledTimes(1);
    const [words, type, options] = emit.mock.calls[0];
    expect(words).toMatch(
      /^Code cell 1 of one.ipynb ended after 1 min 30 s\.$/
    );
    expect(type).toBe('success');
    expect(
      options.actions.map(({ label }: { label: string }) => label)
    ).toEqual(['Show cell', 'Open run']);
    options.actions[1].callback();
    expect(runs.opened).toEqual(['run1']);
    expect(system).not.toHaveBeenCalled();
  });

  it('says nothing of short ones, nor of those that the user cancelled', () => {
    const runs = new Runs();
    isHidden = true;
    runs.states.set('one', { state: 'running', why: null });
    runs.take(29);
    runs.states.set('one', { state: 'done', why: null });
    runs.states.set('one', { state: 'running', why: null });
    runs.take(100);
    runs.states.set('one', { state: 'cancelled', why: null });
    // The state that a page finds when it is opened is nothing new.
    runs.states.set('one', { state: 'failed', why: null });
    expect(emit).not.toHaveBeenCalled();
    expect(system).not.toHaveBeenCalled();
  });

  it('tells the system where the page is hidden', () => {
    const runs = new Runs();
    isHidden = true;
    runs.states.set('one', { state: 'running', why: null });
    runs.take(40);
    runs.states.set('one', { state: 'failed', why: null });
    expect(system).toHaveBeenCalledTimes(1);
    expect(system.mock.calls[0][0]).toMatch(/failed after 40\.0 s/);
  });

  it('tells of a workflow once, not of its cells', () => {
    const runs = new Runs();
    isHidden = true;
    runs.workflow = 'run1';
    runs.changed.emit();
    runs.states.set('one', { state: 'running', why: null });
    runs.take(4000);
    runs.states.set('one', { state: 'done', why: null });
    runs.workflow = null;
    runs.changed.emit();
    expect(emit).not.toHaveBeenCalled();
    expect(system).toHaveBeenCalledTimes(1);
    expect(system.mock.calls[0][0]).toMatch(/ended after 1 h 6 min/);
  });

  it('tells of what ends after its notebook was closed', () => {
    const runs = new Runs();
    runs.states.set('one', { state: 'running', why: null });
    runs.take(40);
    runs.notebook.dispose();
    runs.states.set('one', { state: 'failed', why: null, run: 'run1' });
    const [words, , { actions }] = emit.mock.calls[0];
    expect(words).toMatch(/^Code cell 1 of one.ipynb failed after/);
    expect(actions.map(({ label }: { label: string }) => label)).toEqual([
      'Open run'
    ]);
    isHidden = true;
    const workflow = new Runs();
    workflow.workflow = 'run2';
    workflow.changed.emit();
    workflow.states.set('one', { state: 'failed', why: null });
    workflow.take(40);
    workflow.notebook.dispose();
    workflow.workflow = null;
    workflow.changed.emit();
    expect(system.mock.calls[0][0]).toMatch(
      /workflow run of one.ipynb failed after/
    );
  });
});
