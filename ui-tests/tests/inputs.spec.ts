import {
  cellAt,
  comeBack,
  openNotebook,
  outputsAt,
  stateAt
} from '../support/notebook';
import { expect, expectAccessible, look, test } from '../support/test';

test('the inputs of a failed cell are opened in the kernel', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/inputs.ipynb`, [
    { source: 'rows = [3, 1]' },
    {
      source: 'import threading\nlock = threading.Lock()\nlimit = 4',
      target: 'local'
    },
    { source: 'with lock:\n    rows[limit]', target: 'local' },
    { source: 'print(rows, limit)' }
  ]);
  await page.notebook.selectCells(0);
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press('Shift+Enter');
  }
  await expect(outputsAt(page, 2)).toContainText('IndexError');
  const button = cellAt(page, 2).getByRole('button', { name: 'Open inputs' });
  await expect(button).toBeVisible();
  await expect(
    cellAt(page, 1).getByRole('button', { name: 'Open inputs' })
  ).toHaveCount(0);
  await look(page, 'inputs-offered');
  await expectAccessible(page, '.jp-DossierStrip');
  await page.keyboard.press('Control+s');
  await expect(page.locator('.lm-TabBar-tab.jp-mod-dirty')).toHaveCount(0);

  // The ledger knows it after a reload, too.
  await comeBack(page, `${tmpPath}/inputs.ipynb`);
  await expect(stateAt(page, 2)).toContainText('failed');
  await button.click();
  const opened = page.locator('.Toastify__toast').filter({
    hasText: /Opened in the kernel: limit, rows/
  });
  await expect(opened).toContainText(/lock cannot be opened: .*lock/);
  await look(page, 'inputs-opened');
  await page.notebook.selectCells(3);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 3)).toHaveText('[3, 1] 4\n');

  // What the kernel has now is not overwritten unasked.
  await page.notebook.setCell(3, 'code', 'rows = "mine"');
  await page.notebook.selectCells(3);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 3)).toHaveCount(0);
  await cellAt(page, 2).locator('.jp-InputArea-prompt').click();
  await page.getByRole('menubar').getByText('Run', { exact: true }).click();
  await page
    .getByRole('menuitem', { name: 'Open These Inputs in My Kernel' })
    .click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(
    'These may have another value now than the cell was given: rows'
  );
  await look(page, 'inputs-overwrite');
  await dialog.getByRole('button', { name: 'Overwrite' }).click();
  await expect(opened).toHaveCount(2);
  await page.notebook.setCell(3, 'code', 'print(rows)');
  await page.notebook.selectCells(3);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 3)).toHaveText('[3, 1]\n');
});
