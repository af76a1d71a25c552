import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import * as path from 'path';

import {
  openNotebook,
  outputsAt,
  promptAt,
  stateAt
} from '../support/notebook';
import {
  endOf,
  idOfRun,
  openRun,
  showRuns,
  startWorkflow
} from '../support/runs';
import { expect, test } from '../support/test';

const IMAGES = path.resolve(__dirname, '../../docs/images');

test.use({
  viewport: { width: 1180, height: 700 },
  settings: { 'jupyterlab-dossier:plugin': {} }
});

test('pictures of the guide', async ({ page, tmpPath }) => {
  test.setTimeout(300_000);
  await openNotebook(page, `${tmpPath}/sensors.ipynb`, [
    { source: 'import random\n\nseed = 7\nrandom.seed(seed)' },
    {
      source: `readings = [20 + random.gauss(0, 2) for _ in range(1000)]
f"{len(readings)} readings"`,
      target: 'local'
    },
    {
      source: `import time

for part in range(1, 6):
    print(f"part {part} of 5 smoothed", flush=True)
    time.sleep(1)`,
      target: 'local'
    },
    { source: 'mean = sum(readings) / len(readings)\nround(mean, 2)' },
    {
      source: 'worst = sorted(readings)[len(readings)]',
      target: 'local'
    }
  ]);
  await page.sidebar.close('left');
  await page.notebook.selectCells(1);
  await shoot(page, 'targets');

  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(outputsAt(page, 2)).toContainText('part 2 of 5');
  await shoot(page, 'running');

  await expect(outputsAt(page, 4)).toContainText('IndexError');
  await expect(promptAt(page, 3)).toHaveText('[4]:');
  await page.notebook.selectCells(4);
  await shoot(page, 'failed');

  await page.getByRole('button', { name: 'Run as workflow' }).click();
  await expect(
    page.getByText(/ended at code cell 5, which failed/)
  ).toBeVisible();
  await expect(stateAt(page, 4)).toHaveText(/failed/);
  await page.screenshot({ path: path.join(IMAGES, 'using-workflow.png') });

  await page.evaluate(() =>
    window.jupyterapp.commands.execute('settingeditor:open', {
      query: 'Dossier'
    })
  );
  const editor = page.locator('#setting-editor');
  await expect(editor.getByText('Tell the end of long runs')).toBeVisible();
  await page.screenshot({ path: path.join(IMAGES, 'using-settings.png') });
});

test('a picture of stale cells', async ({ page, tmpPath }) => {
  await openNotebook(page, `${tmpPath}/stale.ipynb`, [
    { source: 'limit = 20' },
    {
      source: 'readings = [value for value in range(30) if value < limit]',
      target: 'local'
    },
    { source: 'f"{len(readings)} readings"' },
    { source: '"nothing of it is used here"', target: 'local' }
  ]);
  await page.sidebar.close('left');
  await page.notebook.selectCells(0);
  const run = await idOfRun(page, () => page.keyboard.press('Alt+R'));
  expect(await endOf(page, run)).toBe('done');
  await expect(outputsAt(page, 2)).toContainText('20 readings');
  await page.notebook.setCell(0, 'code', 'limit = 25');
  const mark = page.getByRole('button', { name: 'upstream' }).last();
  await expect(mark).toBeVisible();
  await mark.hover();
  await expect(page.getByRole('tooltip')).toBeVisible();
  await shoot(page, 'stale');
});

test('a picture of the graph', async ({ page, tmpPath }) => {
  await openNotebook(page, `${tmpPath}/sensors.ipynb`, [
    { source: 'import random\nimport statistics' },
    { source: '# Readings', type: 'markdown' },
    {
      source: `readings = [20 + random.gauss(0, 2) for _ in range(50_000)]`,
      target: 'local'
    },
    { source: 'warm = [value for value in readings if value > 24]' },
    { source: 'middle = statistics.median(readings)', target: 'local' },
    { source: 'spread = statistics.stdev(readings)', target: 'local' },
    { source: '# Summary', type: 'markdown' },
    { source: 'print(len(warm), round(middle), round(spread))' }
  ]);
  await page.sidebar.close('left');
  const run = await startWorkflow(page);
  expect(await endOf(page, run)).toBe('done');
  await page.evaluate(async () => {
    await window.jupyterapp.commands.execute('dossier:show-graph');
  });
  const items = page.locator('.jp-DossierGraph').getByRole('option');
  await expect(items).toHaveCount(6);
  await items.nth(3).focus();
  await expect(items.nth(3)).toHaveAccessibleName(/done · [\d.]+ m?s · local/);
  await picture(page, 'graph');
});

test('pictures of runs', async ({ page, tmpPath }) => {
  test.setTimeout(300_000);
  await openNotebook(page, `${tmpPath}/sensors.ipynb`, [
    { source: 'def is_warm(value):\n    return value > 24' },
    {
      source: `import random

readings = [20 + random.gauss(0, 2) for _ in range(1000)]`
    },
    { source: 'warm = [value for value in readings if is_warm(value)]' },
    { source: 'print("25 is warm:", is_warm(25))' }
  ]);
  const first = await startWorkflow(page);
  expect(await endOf(page, first)).toBe('done');
  await page.notebook.setCell(
    0,
    'code',
    'def is_warm(value):\n    return value > 23'
  );
  const second = await startWorkflow(page);
  expect(await endOf(page, second)).toBe('done');
  await showRuns(page);
  const run = await openRun(page, second);
  await run.getByRole('tab', { name: 'Details' }).click();
  await expect(
    run.getByRole('cell', { name: 'helper `is_warm` changed' })
  ).toBeVisible();
  await picture(page, 'run');

  await run.getByRole('button', { name: 'Verify…' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Verify' })
    .click();
  await expect(run.getByText(/^Verified: /)).toBeVisible({ timeout: 120_000 });
  await picture(page, 'verify');

  await page.evaluate(
    async ([left, right]) => {
      await window.jupyterapp.commands.execute('dossier:compare-runs', {
        run: right,
        with: left
      });
    },
    [first, second]
  );
  const comparison = page.locator('.jp-DossierCompare');
  await expect(
    comparison.getByRole('textbox', { name: 'Code in run B' })
  ).toContainText('23');
  await picture(page, 'compare');
});

/**
 * A picture of the page without notifications.
 */
async function picture(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  // Those that tell of success go by themselves.
  await expect(page.locator('.Toastify__toast')).toHaveCount(0);
  await page.screenshot({ path: path.join(IMAGES, `using-${name}.png`) });
}

/**
 * A picture of the notebook.
 */
async function shoot(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  await page.locator('.jp-NotebookPanel').screenshot({
    path: path.join(IMAGES, `using-${name}.png`)
  });
}
