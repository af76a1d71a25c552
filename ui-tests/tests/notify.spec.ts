import { openNotebook, promptAt } from '../support/notebook';
import { expect, test } from '../support/test';

test.use({ settings: { 'jupyterlab-dossier:plugin': { notifyAfter: 2 } } });

test('the end of a long cell is told, that of a short one is not', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/long.ipynb`, [
    { source: 'import time\ntime.sleep(2.5)', target: 'local' },
    { source: 'pass', target: 'local' },
    { source: 'pass' }
  ]);
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(promptAt(page, 2)).toHaveText('[3]:');
  const told = page.locator('.Toastify__toast').filter({
    hasText: /Code cell 1 of long.ipynb ended after [\d.]+ (s|min)\b/
  });
  await expect(told).toBeVisible();
  // On a busy machine a cell that does nothing may be a long one.
  await expect(
    page.getByText(/Code cell 2 of long.ipynb ended after ([01]\.\d s|\d+ ms)/)
  ).toHaveCount(0);
  await page.notebook.selectCells(2);
  await told.getByRole('button', { name: 'Show cell' }).click();
  await expect(page.locator('.jp-Cell.jp-mod-active')).toContainText(
    'time.sleep'
  );
});

test('the end of a long workflow is told, and leads to its run', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/longer.ipynb`, [
    // No earlier run has done the same.
    { source: `import time\ntime.sleep(2.5)\n"${tmpPath}"` }
  ]);
  await page.getByRole('button', { name: 'Run as workflow' }).click();
  await expect(page.getByText('longer.ipynb ran as a workflow.')).toBeVisible();
  const open = page.getByRole('button', { name: 'Open run' });
  await open.focus();
  await page.keyboard.press('Enter');
  await expect(
    page.getByRole('heading', { name: 'Workflow run of longer.ipynb' })
  ).toBeVisible();
});
