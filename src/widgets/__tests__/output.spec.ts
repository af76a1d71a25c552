import { MimeModel } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';

import type { WidgetKernel } from '../kernel';
import type { WidgetKernels } from '../kernels';
import { WIDGET_PLACE, WIDGET_VIEW } from '../mimetypes';
import { WidgetOutput } from '../output';

describe('WidgetOutput', () => {
  let used: number;
  let answer: PromiseDelegate<WidgetKernel | null>;
  let output: WidgetOutput;
  const model = new MimeModel({
    data: {
      [WIDGET_PLACE]: { kernel: 'k' },
      [WIDGET_VIEW]: { model_id: 'm' },
      'text/plain': 'IntSlider()'
    }
  });

  beforeEach(() => {
    used = 0;
    answer = new PromiseDelegate();
    output = new WidgetOutput({
      kernels: {
        acquire: () => {
          used++;
          return answer.promise;
        },
        release: () => used--
      } as unknown as WidgetKernels,
      trans: nullTranslator.load('')
    });
  });

  it('gives back the link to a worker kernel that has ended', async () => {
    answer.resolve(null);
    await output.renderModel(model);
    expect(output.node.textContent).toContain('has ended');
    expect(used).toBe(1);
    output.dispose();
    expect(used).toBe(0);
  });

  it('gives back each link once where it is drawn anew or closed meanwhile', async () => {
    const first = output.renderModel(model);
    const second = output.renderModel(model);
    expect(used).toBe(1);
    output.dispose();
    answer.resolve(null);
    await Promise.all([first, second]);
    expect(used).toBe(0);
  });
});
