import {
  closeNotebook,
  openNotebook,
  outputsAt,
  promptAt,
  stateAt
} from '../support/notebook';
import { endOf, startWorkflow } from '../support/runs';
import { expect, test } from '../support/test';

test('a notebook runs as a workflow', async ({ page, tmpPath }) => {
  await openNotebook(page, `${tmpPath}/flow.ipynb`, [
    { source: 'start = 10' },
    {
      // No earlier run has done the same.
      source: `left = start + 1\nprint("left", left)\nown = "${tmpPath}"`,
      target: 'local'
    },
    { source: 'right = start + 2\nprint("right", right)' },
    { source: 'left * right', target: 'kernel' }
  ]);
  expect(await endOf(page, await startWorkflow(page))).toBe('done');
  await expect(outputsAt(page, 1)).toHaveText('left 11\n');
  await expect(outputsAt(page, 2)).toHaveText('right 12\n');
  await expect(outputsAt(page, 3)).toContainText('132');
  await expect(stateAt(page, 1)).toHaveText('done');
  await expect(promptAt(page, 3)).toHaveText(/\[\d+\]:/);

  // The kernel of the notebook took no part in it.
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  await expect(promptAt(page, 0)).toHaveText('[1]:');
});

test('a workflow whose notebook is closed goes on, and its end is told', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/closed.ipynb`, [
    {
      source:
        'import pathlib, time\nwhile not pathlib.Path("closed").exists():\n    time.sleep(0.05)',
      target: 'local'
    },
    { source: 'raise ValueError("on purpose")', target: 'local' }
  ]);
  await page.getByRole('button', { name: 'Run as workflow' }).click();
  await expect(stateAt(page, 0)).toHaveText(/running/);
  await closeNotebook(page);
  await page.contents.uploadContent('', 'text', `${tmpPath}/closed`);
  await expect(
    page.getByText(
      /The workflow run of closed.ipynb ended at code cell 2, which failed/
    )
  ).toBeVisible();
  await expect(page.getByText('runs as a workflow…')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Show cell' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Open run' }).click();
  await expect(page.locator('.jp-DossierRun')).toBeVisible();
});

test('a workflow ends at the first failing cell', async ({ page, tmpPath }) => {
  await openNotebook(page, `${tmpPath}/fails.ipynb`, [
    { source: 'x = 1', target: 'local' },
    { source: 'raise ValueError("on purpose")', target: 'local' },
    { source: 'print(x)', target: 'local' }
  ]);
  await page.getByRole('button', { name: 'Run as workflow' }).click();
  await expect(
    page.getByText(/ended at code cell 2, which failed/)
  ).toBeVisible();
  await expect(outputsAt(page, 1)).toContainText('ValueError: on purpose');
  await expect(stateAt(page, 1)).toHaveText(/failed/);
  await expect(stateAt(page, 2)).toHaveText(/skipped/);
  await expect(outputsAt(page, 2)).toHaveCount(0);
  await expect(promptAt(page, 2)).toHaveText('[ ]:');
  await page.getByRole('button', { name: 'Show cell' }).click();
  await expect(page.locator('.jp-Cell.jp-mod-active')).toContainText(
    'on purpose'
  );
});
