import { cellAt, openNotebook } from '../support/notebook';
import { expect, test } from '../support/test';

test('strips survive scrolling and moves', async ({ page, tmpPath }) => {
  await openNotebook(
    page,
    `${tmpPath}/long.ipynb`,
    Array.from({ length: 60 }, (_, index) => ({
      source: `x = ${index}\n\n\ny = x`,
      target: index % 20 === 1 ? 'local' : undefined
    }))
  );
  const target = (index: number) =>
    cellAt(page, index).getByLabel('Target', { exact: true });
  await expect(target(1)).toHaveValue('local');
  for (const index of [41, 1, 21]) {
    await page.notebook.selectCells(index);
    await expect(target(index)).toBeVisible();
    await expect(target(index)).toHaveValue('local');
  }
  await page.keyboard.press('Control+Shift+ArrowUp');
  await expect(target(20)).toHaveValue('local');
  await expect(target(21)).toHaveCount(0);

  // Taking the target away takes the strip away.
  await target(20).selectOption('');
  await expect(target(20)).toHaveCount(0);
});

test('keys pressed in the dropdown are no shortcuts of the notebook', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/keys.ipynb`, [
    { source: 'x = 1', target: 'local' },
    { source: 'x' }
  ]);
  const select = cellAt(page, 0).getByLabel('Target', { exact: true });
  await select.focus();
  await page.keyboard.press('a');
  await page.keyboard.press('d');
  await page.keyboard.press('d');
  await expect(page.locator('.jp-Notebook .jp-Cell')).toHaveCount(2);
  await page.keyboard.press('ArrowUp');
  await expect(select).toHaveValue('kernel');
});

test('the context menu sets the target of the selected cells', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/menu.ipynb`, [
    { source: 'x = 1' },
    { source: 'x' },
    { source: 'y' }
  ]);
  await page.notebook.selectCells(0, 1);
  await cellAt(page, 1).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Set Target of Cells…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox').selectOption('local');
  await dialog.getByRole('button', { name: 'Ok' }).click();
  for (const index of [0, 1]) {
    await expect(
      cellAt(page, index).getByLabel('Target', { exact: true })
    ).toHaveValue('local');
  }
  await expect(page.locator('.jp-DossierStrip')).toHaveCount(2);
});
