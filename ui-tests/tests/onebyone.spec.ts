import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import {
  cellAt,
  openNotebook,
  outputsAt,
  promptAt,
  stateAt
} from '../support/notebook';
import {
  expect,
  expectAccessible,
  laidOut,
  look,
  settled,
  test
} from '../support/test';

/**
 * Expect the prompts of the first cells.
 */
async function expectPrompts(
  page: IJupyterLabPageFixture,
  ...prompts: string[]
): Promise<void> {
  for (const [index, prompt] of prompts.entries()) {
    await expect(promptAt(page, index)).toHaveText(prompt);
  }
}

/**
 * The names of the times that a cell's metadata has.
 */
function timesAt(page: IJupyterLabPageFixture, index: number) {
  return page.evaluate(index => {
    const panel = (window as any).jupyterapp.shell.currentWidget;
    const cell = panel.content.model.cells.get(index);
    return Object.keys(cell.getMetadata('execution') ?? {}).sort();
  }, index);
}

test(
  'a failure drops what waits behind it, here and there',
  laidOut,
  async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/order.ipynb`, [
      { source: 'import pathlib, time\ntries = globals().get("tries", 0) + 1' },
      {
        source:
          'while not pathlib.Path("go").exists():\n    time.sleep(0.05)\nif tries == 1:\n    raise ValueError("middle")\nb = tries',
        target: 'local'
      },
      { source: 'b * 10' },
      { source: '_ + b', target: 'local' },
      { source: '(_, Out[5], In[4][:9])' },
      { source: '1 / 0', target: 'local', tags: ['raises-exception'] },
      { source: 'skipped = 1', target: 'local', tags: ['skip-execution'] },
      { source: '"skipped" in globals(), _' }
    ]);
    await page.menu.clickMenuItem('Run>Run All Cells');
    await expect(stateAt(page, 1)).toContainText('running');
    await expectPrompts(page, '[1]:', '[*]:', '[*]:', '[*]:', '[*]:', '[*]:');
    await look(page, 'onebyone-waiting');
    await page.contents.uploadContent('', 'text', `${tmpPath}/go`);
    await expect(outputsAt(page, 1).last()).toContainText('ValueError: middle');
    await expectPrompts(page, '[1]:', '[2]:', '[ ]:', '[ ]:', '[ ]:', '[ ]:');
    await expect(stateAt(page, 1)).toContainText('failed');

    await page.menu.clickMenuItem('Run>Run All Cells');
    await expect(promptAt(page, 7)).toHaveText('[9]:');
    await expectPrompts(page, '[3]:', '[4]:', '[5]:', '[6]:', '[7]:', '[8]:');
    await expect(promptAt(page, 6)).toHaveText('[ ]:');
    await expect(stateAt(page, 6)).toContainText('skipped');
    await expect(outputsAt(page, 1)).toHaveCount(0);
    await expect(outputsAt(page, 2)).toHaveText('20');
    await expect(outputsAt(page, 3)).toHaveText('22');
    await expect(outputsAt(page, 4)).toHaveText("(22, 20, 'while not')");
    await expect(outputsAt(page, 5)).toContainText('ZeroDivisionError');
    await expect(outputsAt(page, 7)).toContainText('(False, (22, 20');
    await look(page, 'onebyone-ended');
  }
);

test.describe('with times recorded', () => {
  test.use({
    settings: {
      '@jupyterlab/notebook-extension:tracker': { recordTiming: true }
    }
  });

  test('the menus run and restart cells here and there', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/menus.ipynb`, [
      { source: 'a = 1' },
      { source: 'b = a + 1\nb', target: 'local' },
      { source: 'c = b + 1\nc' },
      { source: 'd = c + 1\nd', target: 'local' }
    ]);
    await page.notebook.selectCells(2);
    await page.menu.clickMenuItem('Run>Run All Above Selected Cell');
    await expectPrompts(page, '[1]:', '[2]:', '[ ]:', '[ ]:');
    await page.menu.clickMenuItem('Run>Run Selected Cell and All Below');
    await expectPrompts(page, '[1]:', '[2]:', '[3]:', '[4]:');
    await expect(outputsAt(page, 3)).toHaveText('4');
    await expect(stateAt(page, 3)).toContainText('done');
    // What a kernel cell records, the others do; its reply and its “idle” come by two ways.
    for (const last of ['iopub.status.idle', 'shell.execute_reply']) {
      await expect.poll(() => timesAt(page, 2)).toContain(last);
    }
    const recorded = await timesAt(page, 2);
    await expect.poll(() => timesAt(page, 3)).toEqual(recorded);

    await page.notebook.selectCells(1, 2);
    await page.keyboard.press('Control+Enter');
    await expectPrompts(page, '[1]:', '[5]:', '[6]:', '[4]:');
    await page.notebook.selectCells(1);
    await page.keyboard.press('Alt+Enter');
    await expectPrompts(page, '[1]:', '[7]:', '[ ]:', '[6]:', '[4]:');
    await expect(cellAt(page, 2).getByRole('textbox')).toBeFocused();
    await page.keyboard.type('b * 21');
    await page.keyboard.press('Control+Enter');
    await expect(outputsAt(page, 2)).toHaveText('42');

    await page.menu.clickMenuItem('Kernel>Restart Kernel and Run All Cells…');
    await page
      .getByRole('dialog')
      .getByRole('button', { name: 'Confirm Kernel Restart' })
      .click();
    await expectPrompts(page, '[1]:', '[2]:', '[3]:', '[4]:', '[5]:');
    await expect(outputsAt(page, 4)).toHaveText('4');
  });
});

test(
  'a cell that runs elsewhere is marked as one in the kernel is',
  laidOut,
  async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/marks.ipynb`, [
      { source: '# First', type: 'markdown' },
      {
        source: 'print("began", flush=True)\nimport time\ntime.sleep(600)',
        target: 'local'
      },
      { source: '# Second', type: 'markdown' },
      { source: '"on"' },
      { source: '"there"', target: 'local' }
    ]);
    // Running all cells scrolls to the last one, which is no shift of the layout.
    const place = async () => {
      const cell = (await cellAt(page, 0).boundingBox())!;
      return [
        await page.locator('.jp-NotebookPanel-toolbar').boundingBox(),
        { x: cell.x, width: cell.width, height: cell.height }
      ];
    };
    await page.sidebar.openTab('table-of-contents');
    const headings = page.locator('.jp-TableOfContents [data-running]');
    await expect(headings).toHaveCount(2);
    await expect(cellAt(page, 0).getByRole('heading')).toBeVisible();
    const before = await settled(page, place);
    const marks = () =>
      headings.evaluateAll(nodes =>
        nodes.map(node => (node as HTMLElement).dataset.running)
      );
    const idle = await marks();
    await page.menu.clickMenuItem('Run>Run All Cells');
    await expect(outputsAt(page, 1)).toHaveText('began\n');
    await expect.poll(marks).toEqual(['1', '0']);
    const indicator = page
      .locator('.jp-NotebookPanel-toolbar')
      .getByRole('status', { name: 'Cells that run elsewhere' });
    await expect(indicator).toHaveText('Code cell 1 runs on local');
    expect(await place()).toEqual(before);
    await expectAccessible(page, '.jp-DossierIndicator', '.jp-DossierStrip');
    await look(page, 'onebyone-marks');
    await page.menu.clickMenuItem('Kernel>Interrupt Kernel');
    await expect(outputsAt(page, 1).last()).toContainText('KeyboardInterrupt');
    await expect(promptAt(page, 4)).toHaveText('[ ]:');
    await expect.poll(marks).toEqual(['-0.5', idle[1]]);
    await expect(indicator).toBeEmpty();
    expect(await place()).toEqual(before);
  }
);
