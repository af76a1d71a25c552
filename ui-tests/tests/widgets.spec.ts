import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import {
  cellAt,
  comeBack,
  openNotebook,
  outputsAt,
  promptAt,
  restartKernel
} from '../support/notebook';
import { expect, expectAccessible, laidOut, look, test } from '../support/test';

/**
 * The output of a cell that shows a widget.
 */
function widgetAt(page: IJupyterLabPageFixture, index: number): Locator {
  return cellAt(page, index).locator('.jp-DossierWidget');
}

const ENDED = 'The worker kernel of this widget has ended.';

test(
  'widgets of a worker kernel are live as long as that is',
  laidOut,
  async ({ page, tmpPath }) => {
    const path = `${tmpPath}/widgets.ipynb`;
    await openNotebook(page, path, [
      {
        source: [
          'import ipywidgets as widgets',
          'slider = widgets.IntSlider(value=3, description="Slider")',
          'twin = widgets.IntText(description="Twin")',
          'link = widgets.jslink((slider, "value"), (twin, "value"))',
          'told = widgets.Label()',
          'def tell(change):',
          '    told.value = f"the kernel has {change.new}"',
          'slider.observe(tell, "value")',
          'widgets.VBox([slider, twin, told])'
        ].join('\n'),
        target: 'local'
      },
      { source: 'print("value", slider.value)', target: 'local' },
      {
        source: [
          'button = widgets.Button(description="Press")',
          'said = widgets.Output()',
          '@button.on_click',
          'def pressed(_):',
          '    with said:',
          '        print("pressed at", slider.value)',
          'with said:',
          '    print("waiting")',
          'widgets.HBox([button, said])'
        ].join('\n'),
        target: 'local'
      },
      {
        source:
          'def square(x):\n    print("square", x * x)\n\n_ = widgets.interact(square, x=(0, 10))',
        target: 'local'
      }
    ]);
    await page.notebook.selectCells(0);
    await page.keyboard.press('Control+Enter');
    const slider = widgetAt(page, 0).getByRole('slider');
    await expect(slider).toBeVisible();
    const twin = widgetAt(page, 0).getByLabel('Twin');
    await expect(twin).toHaveValue('3');

    // From the page to the worker kernel, and to a widget that is linked in the page.
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect(twin).toHaveValue('5');
    await expect(widgetAt(page, 0)).toContainText('the kernel has 5');
    await page.notebook.selectCells(1);
    await page.keyboard.press('Control+Enter');
    await expect(outputsAt(page, 1)).toHaveText('value 5\n');

    await page.notebook.selectCells(2);
    await page.keyboard.press('Control+Enter');
    await expect(widgetAt(page, 2)).toContainText('waiting');
    await widgetAt(page, 2).getByRole('button', { name: 'Press' }).click();
    await expect(widgetAt(page, 2)).toContainText('pressed at 5');

    await page.notebook.selectCells(3);
    await page.keyboard.press('Control+Enter');
    await expect(widgetAt(page, 3)).toContainText('square 25');
    await widgetAt(page, 3).getByRole('slider').focus();
    await page.keyboard.press('ArrowRight');
    await expect(widgetAt(page, 3)).toContainText('square 36');
    await expect(promptAt(page, 3)).toHaveText('[4]:');
    await look(page, 'widgets-live');

    // A page that comes later has them as they stand.
    await page.notebook.save();
    await comeBack(page, path);
    await expect(twin).toHaveValue('5');
    await expect(widgetAt(page, 2)).toContainText('pressed at 5');
    await widgetAt(page, 2).getByRole('button', { name: 'Press' }).click();
    await expect(
      widgetAt(page, 2).getByText('pressed at 5', { exact: false })
    ).toContainText(/pressed at 5\s+pressed at 5/);

    await restartKernel(page);
    for (const index of [0, 2, 3]) {
      await expect(widgetAt(page, index).getByRole('note').last()).toHaveText(
        ENDED
      );
    }
    await expect(widgetAt(page, 0)).toContainText('VBox(children=(IntSlider(');
    await expect(page.getByText('Loading widget')).toHaveCount(0);
    await expect(page.getByText('Error displaying widget')).toHaveCount(0);
    await expectAccessible(page, '.jp-DossierWidget');
    await look(page, 'widgets-ended');
  }
);

test('progress is seen as it goes, also by a page that comes late', async ({
  page,
  tmpPath
}) => {
  const path = `${tmpPath}/progress.ipynb`;
  await openNotebook(page, path, [
    {
      source: [
        'import os, time',
        'from tqdm.notebook import tqdm',
        'bar = tqdm(range(4), mininterval=0, miniters=1)',
        'for step in bar:',
        '    while step == 2 and not os.path.exists("go"):',
        '        time.sleep(0.05)'
      ].join('\n'),
      target: 'local'
    }
  ]);
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  const progress = widgetAt(page, 0).locator('.progress-bar');
  await expect(widgetAt(page, 0)).toContainText('2/4');
  await page.notebook.save();
  await comeBack(page, path);
  await expect(progress).toBeVisible();
  await expect(widgetAt(page, 0)).toContainText('2/4');
  await look(page, 'widgets-progress');
  await page.contents.uploadContent('', 'text', `${tmpPath}/go`);
  await expect(widgetAt(page, 0)).toContainText('4/4');
});
