import { nullTranslator } from '@jupyterlab/translation';

import { StaleMark } from '..';

describe('StaleMark', () => {
  let mark: StaleMark;
  let button: HTMLButtonElement;
  const tip = () => document.querySelector('[role=tooltip]');

  beforeEach(() => {
    mark = new StaleMark(nullTranslator.load(''));
    document.body.append(mark.node);
    button = mark.node.querySelector('button')!;
    mark.show({ kind: 'upstream', why: '`x` comes from code cell 1' });
  });

  afterEach(() => mark.dispose());

  it.each(['focus', 'mouseenter', 'click'])('says why on %s', type => {
    button.dispatchEvent(new Event(type));
    expect(tip()?.textContent).toBe(
      'Must run again: `x` comes from code cell 1'
    );
    mark.dispose();
    expect(tip()).toBeNull();
  });

  it.each(['blur', 'mouseleave'])('closes its words on %s', type => {
    button.dispatchEvent(new Event('focus'));
    button.dispatchEvent(new Event(type));
    expect(tip()).toBeNull();
  });

  it('closes its words by Escape, which goes no further', () => {
    const escape = () =>
      new KeyboardEvent('keydown', { key: 'Escape', bubbles: true });
    const heard = jest.fn();
    document.body.addEventListener('keydown', heard);
    button.dispatchEvent(new Event('focus'));
    button.dispatchEvent(escape());
    expect(tip()).toBeNull();
    expect(heard).not.toHaveBeenCalled();
    button.dispatchEvent(escape());
    expect(heard).toHaveBeenCalled();
    document.body.removeEventListener('keydown', heard);
  });

  it('says of a cell that never ran no “again”', () => {
    mark.show({ kind: 'never-run', why: 'it has not run' });
    button.dispatchEvent(new Event('focus'));
    expect(tip()?.textContent).toBe('Must run: it has not run');
  });

  it('is gone with its reason', () => {
    button.dispatchEvent(new Event('focus'));
    mark.show(null);
    expect(mark.node.hidden).toBe(true);
    expect(tip()).toBeNull();
  });
});
