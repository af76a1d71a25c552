import {
  cellAt,
  choose,
  openNotebook,
  outputsAt,
  pickTarget,
  promptAt,
  scrollTo,
  showTool,
  stateAt,
  targetAt,
  toolbarTarget
} from '../support/notebook';
import {
  expect,
  expectAccessible,
  laidOut,
  look,
  settled,
  test
} from '../support/test';

const PLUGIN = 'jupyterlab-dossier:plugin';

test(
  'strips survive scrolling and moves',
  laidOut,
  async ({ page, tmpPath }) => {
    await openNotebook(
      page,
      `${tmpPath}/long.ipynb`,
      Array.from({ length: 60 }, (_, index) => ({
        source: `x = ${index}\n\n\ny = x`,
        target: index % 20 === 1 ? 'local' : undefined
      }))
    );
    await expect(targetAt(page, 1)).toHaveText('Target local');
    for (const index of [41, 1, 21]) {
      await scrollTo(page, index, 'auto');
      await page.notebook.selectCells(index);
      await expect(targetAt(page, index)).toBeVisible();
      await expect(targetAt(page, index)).toHaveText('Target local');
    }
    await page.keyboard.press('Control+Shift+ArrowUp');
    await expect(targetAt(page, 20)).toHaveText('Target local');
    await expect(targetAt(page, 21)).toHaveCount(0);

    // Taking the target away takes the strip away.
    await choose(targetAt(page, 20), 'Target of the cell', /^default/);
    await expect(targetAt(page, 20)).toHaveCount(0);
  }
);

test(
  'nothing moves as the active cell or a state changes',
  laidOut,
  async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/still.ipynb`, [
      { source: 'x = 1', target: 'local' },
      { source: 'x', target: 'kernel' },
      { source: 'raise ValueError("on purpose")', target: 'local' },
      { source: 'x' }
    ]);
    await expect(targetAt(page, 2)).toBeVisible();
    const places = async () =>
      Promise.all(
        [0, 1, 2, 3].map(index =>
          cellAt(page, index).locator('.jp-InputArea').boundingBox()
        )
      );
    await page.notebook.selectCells(0);
    const before = await settled(page, places);
    for (const key of Array<string>(3).fill('ArrowDown')) {
      await page.keyboard.press(key);
      expect(await places()).toEqual(before);
    }
    for (let index = 3; index > 0; index--) {
      await page.keyboard.press('ArrowUp');
    }
    await expect(stateAt(page, 0)).toHaveText('');
    await page.keyboard.press('Control+Enter');
    await expect(stateAt(page, 0)).toHaveText('done');
    expect(await places()).toEqual(before);
    await page.notebook.selectCells(2);
    await page.keyboard.press('Control+Enter');
    await expect(stateAt(page, 2)).toHaveText(/^failed/);
    expect((await places()).slice(0, 3)).toEqual(before.slice(0, 3));
    await look(page, 'strip-states');
    await expectAccessible(page, '.jp-DossierStrip');
  }
);

test.describe('strips on every cell', () => {
  test.use({ settings: { [PLUGIN]: { strip: 'always' } } });

  test(
    'are shown where the user wants them, and tell own targets from the default',
    laidOut,
    async ({ page, tmpPath }) => {
      await openNotebook(page, `${tmpPath}/always.ipynb`, [
        { source: 'x = 1' },
        { source: 'x' }
      ]);
      for (const index of [0, 1]) {
        await expect(targetAt(page, index)).toHaveText(
          'Target default (kernel)'
        );
      }
      await pickTarget(page, 0, 'local');
      await expect(targetAt(page, 0)).toHaveText('Target local');
      await expect(targetAt(page, 1)).toHaveText('Target default (kernel)');
      await look(page, 'strip-always');
    }
  );
});

test.describe('no strips', () => {
  test.use({ settings: { [PLUGIN]: { strip: 'never' } } });

  test('are shown where the user wants none; the inspector has all of it', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/never.ipynb`, [
      { source: 'print("hidden")', target: 'local' }
    ]);
    await page.notebook.selectCells(0);
    await page.keyboard.press('Control+Enter');
    await expect(outputsAt(page, 0)).toHaveText('hidden\n');
    await expect(page.locator('.jp-DossierStrip')).toHaveCount(0);
    await expect(toolbarTarget(page)).toHaveText('Target local');
    const tool = await showTool(page);
    await expect(tool.getByRole('status')).toHaveText('done');
  });
});

test('the notebook’s default is shown where it counts', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/default.ipynb`, [
    { source: 'print("by default")' },
    { source: 'print("own")', target: 'kernel' }
  ]);
  await expect(page.locator('.jp-DossierStrip')).toHaveCount(1);
  await page.notebook.selectCells(0);
  await expect(toolbarTarget(page)).toHaveText('Target default (kernel)');
  await choose(toolbarTarget(page), 'Default of the notebook', /^local/);
  await expect(toolbarTarget(page)).toHaveText('Target default (local)');
  await expect(targetAt(page, 0)).toHaveText('Target default (local)');
  await expect(targetAt(page, 1)).toHaveText('Target kernel');
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(stateAt(page, 0)).toHaveText('done');
  await expect(outputsAt(page, 0)).toHaveText('by default\n');
  await expect(promptAt(page, 1)).toHaveText('[2]:');
  await expect(stateAt(page, 1)).toHaveText('');
  await toolbarTarget(page).click();
  // The cell's target, the default, and what else runs.
  await expect(page.getByRole('menu').getByRole('group')).toHaveCount(3);
  await look(page, 'toolbar-menu');
  await page.keyboard.press('Escape');
  // A longer name does not make the toolbar wrap.
  const { width } = (await toolbarTarget(page).boundingBox())!;
  await choose(toolbarTarget(page), 'Target of the cell', /^big/);
  await expect(toolbarTarget(page)).toHaveText('Target big');
  expect((await toolbarTarget(page).boundingBox())!.width).toBe(width);
});
