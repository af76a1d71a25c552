import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { LogView } from '../log';
import type { IRunViewOptions } from '../options';

describe('LogView', () => {
  it('shows the log of the attempt that was chosen last, whatever is answered first', async () => {
    const answers = {
      one: new PromiseDelegate<string>(),
      two: new PromiseDelegate<string>()
    };
    const model = {
      cellChanged: new Signal<object, void>({}),
      changed: new Signal<object, void>({}),
      details: null,
      selected: 'a'
    };
    const view = new LogView({
      api: {
        log: async () => ({ entries: [], next: 0, more: false, ended: true }),
        workerLog: (_run: string, _cell: string, attempt: 'one' | 'two') =>
          answers[attempt].promise
      },
      model,
      run: 'run1',
      trans: nullTranslator.load(''),
      troubles: {}
    } as unknown as IRunViewOptions);
    Widget.attach(view, document.body);
    model.cellChanged.emit();
    view.choose('one', true);
    view.choose('two', true);
    answers.two.resolve('said by two\n');
    await answers.two.promise;
    answers.one.resolve('said by one\n');
    await answers.one.promise;
    view.search('by two');
    expect(view.found).toEqual([0]);
    view.search('by one');
    expect(view.found).toEqual([]);
    view.dispose();
  });
});
