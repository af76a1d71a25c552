import {
  cellAt,
  choose,
  openNotebook,
  outputsAt,
  promptAt,
  showTool,
  stateAt,
  targetAt
} from '../support/notebook';
import {
  expect,
  expectAccessible,
  laidOut,
  look,
  settled,
  test
} from '../support/test';

test(
  'a target is set and a cell run by keys alone',
  laidOut,
  async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/keys.ipynb`, [
      { source: 'print("there")' },
      { source: 'x' }
    ]);
    await page.notebook.selectCells(0);
    await page.keyboard.press('Alt+t');
    const menu = page.getByRole('menu', { name: 'Target' });
    const focused = menu.locator(':focus');
    await expect(focused).toContainText('default (kernel)');
    // Letters are no shortcuts of the notebook; those of names go to them.
    await page.keyboard.press('d');
    await page.keyboard.press('d');
    await expect(menu).toContainText('no provider for targets of kind');
    // Letters belong together that come within a second: a busy machine may be slower.
    const typeName = (letters: string, name: string) =>
      expect(async () => {
        await page.keyboard.press('Home');
        await page.keyboard.type(letters);
        await expect(focused).toContainText(name, { timeout: 1000 });
      }).toPass({ timeout: 60_000 });
    await typeName('clu', 'cluster');
    await expect(focused).toHaveAttribute('aria-disabled', 'true');
    await expect(focused).toHaveAttribute('title', /no provider/);
    await look(page, 'menu');
    await expectAccessible(page, '.jp-DossierMenu');
    await page.keyboard.press('Enter');
    await expect(menu).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(menu).toHaveCount(0);
    await expect(page.locator('.jp-Notebook .jp-Cell')).toHaveCount(2);
    await expect(page.locator('.jp-DossierStrip')).toHaveCount(0);

    await page.keyboard.press('Alt+t');
    await expect(focused).toContainText('default (kernel)');
    await typeName('local', 'local');
    await page.keyboard.press('Enter');
    await expect(targetAt(page, 0)).toHaveText('Target local');
    await page.keyboard.press('Control+Enter');
    await expect(stateAt(page, 0)).toHaveText('done');
    await expect(outputsAt(page, 0)).toHaveText('there\n');
  }
);

test('the target of selected cells is set at once, and undone at once', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/menu.ipynb`, [
    { source: 'x = 1' },
    { source: 'x', target: 'kernel' },
    { source: 'y' }
  ]);
  await page.notebook.selectCells(0, 1);
  await cellAt(page, 1).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Set Target…' }).click();
  await page
    .getByRole('group', { name: 'Target of 2 cells' })
    .getByRole('menuitemradio', { name: /^local/ })
    .click();
  for (const index of [0, 1]) {
    await expect(targetAt(page, index)).toHaveText('Target local');
  }
  await expect(page.locator('.jp-DossierStrip')).toHaveCount(2);
  await page.keyboard.press('z');
  await expect(page.locator('.jp-DossierStrip')).toHaveCount(1);
  await expect(targetAt(page, 1)).toHaveText('Target kernel');
  await page.keyboard.press('Shift+Z');
  await expect(targetAt(page, 0)).toHaveText('Target local');
  await expect(targetAt(page, 1)).toHaveText('Target local');
});

test('options of a target are set in a form, and kept by it', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/options.ipynb`, [
    { source: 'block = bytearray(300 << 20)', target: 'local' }
  ]);
  await page.notebook.selectCells(0);
  await targetAt(page, 0).click();
  await page.getByRole('menuitem', { name: 'Options…' }).click();
  const dialog = page.getByRole('dialog');
  const memory = dialog.getByLabel('Memory limit in MiB');
  await memory.fill('1');
  await expect(dialog.getByRole('alert')).toContainText('64');
  await look(page, 'options');
  await memory.fill('100');
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  await expectAccessible(page, '.jp-Dialog-content');
  await dialog.getByRole('button', { name: 'Set' }).click();
  const shown = cellAt(page, 0).getByRole('button', { name: 'memory: 100' });
  await expect(shown).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 0)).toContainText('MemoryError');

  // The inspector shows the same, and changes it.
  const tool = await showTool(page);
  const field = tool.getByLabel('Memory limit in MiB');
  await expect(field).toHaveValue('100');
  await expect(tool.getByRole('status')).toHaveText(/^failed/);
  // In a strip that has become narrow, its state can be read.
  const word = stateAt(page, 0).getByText('failed', { exact: true });
  const offer = cellAt(page, 0).getByRole('button', { name: 'Open inputs' });
  const room = async () => {
    const [left, right] = [
      (await word.boundingBox())!,
      (await offer.boundingBox())!
    ];
    return right.x - (left.x + left.width);
  };
  await expect.poll(room).toBeGreaterThanOrEqual(0);
  await look(page, 'inspector');
  await expectAccessible(page, '.jp-DossierTool');
  await field.fill('');
  await expect(shown).toHaveCount(0);
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  await expect(stateAt(page, 0)).toHaveText('done');
  const fallback = tool.getByRole('button', { name: /^Default of the/ });
  await expect(fallback).toHaveText('Default of the notebook none (kernel)');
  await choose(fallback, 'Default of the notebook', /^local/);
  await expect(fallback).toHaveText('Default of the notebook local');
});

test('the first run on a costly target asks', async ({ page, tmpPath }) => {
  await openNotebook(page, `${tmpPath}/costly.ipynb`, [
    { source: 'print("paid")', target: 'big' },
    { source: 'print("next")' }
  ]);
  await page.menu.clickMenuItem('Run>Run All Cells');
  const dialog = page.getByRole('dialog', { name: 'Run on big?' });
  await expect(dialog).toBeVisible();
  await expect(promptAt(page, 0)).toHaveText('[*]:');
  await look(page, 'costly');
  await expectAccessible(page, '.jp-Dialog-content');
  await dialog.getByRole('button', { name: 'Do Not Run' }).click();
  for (const index of [0, 1]) {
    await expect(promptAt(page, index)).toHaveText('[ ]:');
    await expect(outputsAt(page, index)).toHaveCount(0);
  }
  await page.menu.clickMenuItem('Run>Run All Cells');
  await dialog.getByText('Do not ask again for this notebook').click();
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(outputsAt(page, 0)).toHaveText('paid\n');
  await expect(outputsAt(page, 1)).toHaveText('next\n');
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  await expect(promptAt(page, 0)).toHaveText('[3]:');
});

test('a cell runs elsewhere once', async ({ page, tmpPath }) => {
  const source =
    'import os\nprint(os.environ.get("JPY_PARENT_PID") is not None)';
  await openNotebook(page, `${tmpPath}/once.ipynb`, [
    { source, target: 'local' },
    { source }
  ]);
  await page.notebook.selectCells(0);
  await page.menu.clickMenuItem('Run>Run in Kernel Once');
  await expect(outputsAt(page, 0)).toHaveText('True\n');
  await expect(stateAt(page, 0)).toHaveText('');
  await expect(targetAt(page, 0)).toHaveText('Target local');
  await page.keyboard.press('Control+Enter');
  await expect(stateAt(page, 0)).toHaveText('done');

  await page.notebook.selectCells(1);
  await page.menu.clickMenuItem('Run>Run Once On…');
  await page.getByRole('menuitemradio', { name: /^local/ }).click();
  await expect(promptAt(page, 1)).toHaveText('[3]:');
  await expect(page.locator('.jp-DossierStrip')).toHaveCount(1);
});

test.describe('in a narrow window', () => {
  test.use({ viewport: { width: 800, height: 600 } });

  test(
    'nothing of a strip or the toolbar overlaps',
    laidOut,
    async ({ page, tmpPath }) => {
      await openNotebook(page, `${tmpPath}/narrow.ipynb`, [
        {
          source: 'raise ValueError("a reason that is long")',
          target: 'big'
        }
      ]);
      await page.notebook.selectCells(0);
      const strip = page.locator('.jp-DossierStrip');
      const { boxes, whole } = await settled(page, () =>
        strip.evaluate(node => {
          const box = (element: Element) => {
            const { height, left, right } = element.getBoundingClientRect();
            return { height, left, right };
          };
          return {
            boxes: Array.from(node.children, box).filter(
              ({ left, right }) => right > left
            ),
            whole: box(node)
          };
        })
      );
      expect(whole.height).toBe(24);
      boxes.forEach(({ left, right }, index) => {
        expect(left).toBeGreaterThanOrEqual(
          index > 0 ? boxes[index - 1].right : whole.left
        );
        expect(right).toBeLessThanOrEqual(whole.right);
      });
      await targetAt(page, 0).click();
      const menu = (await page.getByRole('menu').boundingBox())!;
      expect(menu.x).toBeGreaterThanOrEqual(0);
      expect(menu.x + menu.width).toBeLessThanOrEqual(800);
      await look(page, 'narrow');
      await page.getByRole('menuitemradio', { name: /^local/ }).click();
      await expect(targetAt(page, 0)).toHaveText('Target local');
      // The toolbar has moved into its menu what it has no room for, and does not wrap.
      const toolbar = page.locator('.jp-NotebookPanel-toolbar');
      const overflow = () =>
        toolbar.evaluate(node => node.scrollHeight - node.clientHeight);
      await expect.poll(overflow).toBe(0);
    }
  );
});
