import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { ITargetsModel } from '../../targets';
import { Strip } from '..';

describe('Strip', () => {
  let strip: Strip;
  let status: HTMLElement;

  beforeEach(() => {
    const targets = {
      targets: [],
      refresh: async () => undefined
    } as unknown as ITargetsModel;
    (targets as { changed: unknown }).changed = new Signal(targets);
    strip = new Strip({
      targets,
      trans: nullTranslator.load('jupyterlab_dossier')
    });
    status = strip.node.querySelector('[role=status]')!;
  });

  afterEach(() => strip.dispose());

  it('labels its dropdown and keeps its keys to itself', () => {
    const select = strip.node.querySelector('select')!;
    expect(strip.node.querySelector('label')!.htmlFor).toBe(select.id);
    expect(strip.node.getAttribute('aria-label')).toBeTruthy();
    expect(strip.node.dataset.lmSuppressShortcuts).toBe('true');
  });

  it('says the state in a word and a picture, and why', () => {
    strip.setState({ state: 'failed', why: 'x is an open file' });
    expect(status.textContent).toContain('failed');
    expect(status.textContent).toContain('x is an open file');
    expect(status.title).toBe('x is an open file');
    expect(status.querySelector('svg')).not.toBeNull();
    expect(
      status.querySelector('.jp-DossierStrip-icon')!.getAttribute('aria-hidden')
    ).toBe('true');
  });

  it('is empty before anything ran', () => {
    strip.setState({ state: 'done', why: null });
    strip.setState(null);
    expect(status.textContent).toBe('');
  });
});
