import { openNotebook, outputsAt, promptAt } from '../support/notebook';
import { expect, test } from '../support/test';

test('interrupt and input reach a cell that runs elsewhere', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/interactive.ipynb`, [
    {
      source: 'name = input("Your name? ")\nprint("Hello", name)',
      target: 'local'
    },
    {
      source:
        'import time\nprint("waiting", flush=True)\nwhile True:\n    time.sleep(0.05)',
      target: 'local'
    }
  ]);
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your name?').fill('Ada');
  await dialog.getByRole('button', { name: 'Ok' }).click();
  await expect(outputsAt(page, 0).last()).toContainText('Hello Ada');

  await page.notebook.selectCells(1);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 1)).toHaveText('waiting\n');
  await page.menu.clickMenuItem('Kernel>Interrupt Kernel');
  await expect(outputsAt(page, 1).last()).toContainText('KeyboardInterrupt');
  await expect(promptAt(page, 1)).toHaveText('[2]:');
});
