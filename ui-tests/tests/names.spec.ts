import {
  cellAt,
  openNotebook,
  outputsAt,
  promptAt,
  restartKernel,
  stateAt
} from '../support/notebook';
import { expect, laidOut, look, test } from '../support/test';

// A kernel on a busy machine may need longer than the second that JupyterLab gives it.
test.use({
  keepsToasts: true,
  settings: {
    '@jupyterlab/completer-extension:manager': { providerTimeout: 30_000 }
  }
});

test(
  'names made elsewhere are known before they are loaded',
  laidOut,
  async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/names.ipynb`, [
      { source: 'measurements = list(range(100_000))', target: 'local' },
      { source: '' },
      { source: 'sum(measurements)' }
    ]);
    await page.notebook.selectCells(0);
    await page.keyboard.press('Control+Enter');
    await expect(promptAt(page, 0)).toHaveText('[1]:');
    await expect(stateAt(page, 0)).toContainText('done');

    await page.notebook.enterCellEditingMode(1);
    const editor = cellAt(page, 1).getByRole('textbox');
    await page.keyboard.type('me');
    await expect(
      cellAt(page, 1).locator('.jp-mod-completer-enabled')
    ).toBeVisible();
    await page.keyboard.press('Tab');
    const completion = page
      .locator('.jp-Completer-item')
      .filter({ hasText: 'measurements' });
    await expect(completion).toContainText('list');
    await look(page, 'names-completion');
    await completion.click();
    await expect(editor).toHaveText('measurements');

    await page.keyboard.press('Shift+Tab');
    const tooltip = page.locator('.jp-Tooltip');
    await expect(tooltip).toContainText(/Type:\s+list/);
    await expect(tooltip).toContainText(/Size:\s+[\d.]+ kB/);
    await expect(tooltip).toContainText(/Where:\s+not in this kernel yet/);
    await expect(tooltip).toContainText(/Made by:\s+code cell 1/);
    await look(page, 'names-tooltip');
    await page.keyboard.press('Escape');

    await page.menu.clickMenuItem('Help>Show Contextual Help');
    const help = page.locator('.jp-Inspector-content');
    await expect(help).toBeVisible();
    await page.notebook.activate('names.ipynb');
    await page.notebook.enterCellEditingMode(1);
    await page.keyboard.press('End');
    await expect(help).toContainText(/Type:\s+list/);
    await look(page, 'names-help');

    await page.notebook.selectCells(2);
    await page.keyboard.press('Control+Enter');
    await expect(outputsAt(page, 2)).toHaveText('4999950000');

    await restartKernel(page);
    await page.notebook.selectCells(2);
    await page.keyboard.press('Control+Enter');
    await expect(outputsAt(page, 2)).toContainText('NameError');
    await expect(
      page.getByText(
        '`measurements` was made by code cell 1 before the kernel was restarted'
      )
    ).toBeVisible();
    await look(page, 'names-gone');
  }
);
