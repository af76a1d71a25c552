import { nullTranslator } from '@jupyterlab/translation';

import { Strip } from '..';

describe('Strip', () => {
  let chosen: HTMLElement[];
  let edited: number;
  let strip: Strip;
  let status: HTMLElement;
  let target: HTMLButtonElement;
  let options: HTMLButtonElement;

  beforeEach(() => {
    chosen = [];
    edited = 0;
    strip = new Strip({
      chooseTarget: anchor => chosen.push(anchor),
      editOptions: () => edited++,
      trans: nullTranslator.load('jupyterlab_dossier')
    });
    status = strip.node.querySelector('[role=status]')!;
    [target, options] = Array.from(strip.node.querySelectorAll('button'));
  });

  afterEach(() => strip.dispose());

  it('keeps its keys to itself, and opens its menu where it stands', () => {
    expect(strip.node.getAttribute('aria-label')).toBeTruthy();
    expect(strip.node.dataset.lmSuppressShortcuts).toBe('true');
    target.click();
    expect(chosen).toEqual([target]);
    expect(target.getAttribute('aria-haspopup')).toBe('menu');
  });

  it('takes the words that stand above the page with it', () => {
    strip.setState(null, [], { kind: 'edited', why: 'it was edited' });
    strip.node
      .querySelector('.jp-DossierStale-button')!
      .dispatchEvent(new Event('mouseenter'));
    expect(document.querySelector('[role=tooltip]')).not.toBeNull();
    strip.dispose();
    expect(document.querySelector('[role=tooltip]')).toBeNull();
  });

  it('tells the cell’s own target from the notebook’s', () => {
    strip.setTarget(null, 'local', {});
    expect(target.textContent).toBe('Target default (local)');
    expect(target.classList).toContain('jp-mod-default');
    strip.setTarget('hpc', 'local', {});
    expect(target.textContent).toBe('Target hpc');
    expect(target.classList).not.toContain('jp-mod-default');
  });

  it('shows options where there are any', () => {
    strip.setTarget('local', 'kernel', {});
    expect(options.hidden).toBe(true);
    strip.setTarget('local', 'kernel', { memory: 100, queue: 'short' });
    expect(options.hidden).toBe(false);
    expect(options.textContent).toBe('memory: 100, queue: short');
    options.click();
    expect(edited).toBe(1);
  });

  it('says the state in a word and a picture, and why', () => {
    strip.setState({ state: 'failed', why: 'x is an open file' }, []);
    expect(status.textContent).toContain('failed');
    expect(status.textContent).toContain('x is an open file');
    expect(status.title).toBe('x is an open file');
    expect(status.querySelector('svg')).not.toBeNull();
    expect(
      status.querySelector('.jp-DossierState-icon')!.getAttribute('aria-hidden')
    ).toBe('true');
  });

  it('says once how it ended where the reason begins with that', () => {
    const why = 'reused from run r: nothing it depends on has changed';
    strip.setState({ state: 'reused', why }, []);
    expect(status.textContent).toBe(
      'reusedfrom run r: nothing it depends on has changed'
    );
    expect(status.title).toBe(why);
  });

  it('says why the cell must run again, and how it ended no more', () => {
    const stale = { kind: 'edited' as const, why: 'its code was edited' };
    strip.setState({ state: 'done', why: null }, [], stale);
    expect(status.textContent).toBe('');
    const mark = strip.node.querySelector<HTMLElement>('.jp-DossierStale')!;
    expect(mark.hidden).toBe(false);
    const button = mark.querySelector('button')!;
    expect(button.textContent).toBe('edited');
    expect(button.querySelector('svg')).not.toBeNull();
    const why = mark.querySelector(
      `#${button.getAttribute('aria-describedby')}`
    );
    expect(why?.textContent).toBe('Must run again: its code was edited');
    strip.setState({ state: 'running', why: null }, [], stale);
    expect(mark.hidden).toBe(true);
    expect(status.textContent).toBe('running');
  });

  it('keeps how a cell has failed', () => {
    const stale = { kind: 'unfinished' as const, why: 'its last run failed' };
    strip.setState({ state: 'failed', why: 'on purpose' }, [], stale);
    expect(status.textContent).toBe('failedon purpose');
    strip.setState(null, [], stale);
    expect(strip.node.querySelector('.jp-DossierStale-word')?.textContent).toBe(
      'not done'
    );
  });

  it('is empty before anything ran', () => {
    strip.setState({ state: 'done', why: null }, []);
    strip.setState(null, []);
    expect(status.textContent).toBe('');
  });
});
