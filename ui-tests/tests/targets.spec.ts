import {
  choose,
  openNotebook,
  outputsAt,
  pickTarget,
  promptAt,
  stateAt,
  targetAt
} from '../support/notebook';
import { expect, test } from '../support/test';

const FAILING = `def share(total, of):
    return total / of

share(sum(numbers), 0)`;

test('cells run on the targets picked for them, in the kernel’s order', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/travel.ipynb`, [
    { source: 'base = 2' },
    {
      source: `import pathlib, time
print("first line", flush=True)
while not pathlib.Path("go.txt").exists():
    time.sleep(0.05)
print("second line")
numbers = [base * n for n in range(5)]`
    },
    { source: 'import matplotlib.pyplot as plt\nplt.plot(numbers);' },
    {
      source: 'import pandas as pd\nframe = pd.DataFrame({"n": numbers})\nframe'
    },
    { source: 'print("sum", sum(numbers), "rows", len(frame))' },
    { source: FAILING },
    { source: 'print("never")' }
  ]);
  await expect(page.locator('.jp-DossierStrip')).toHaveCount(0);
  for (const index of [1, 2, 3]) {
    await pickTarget(page, index, 'local');
    await expect(targetAt(page, index)).toHaveText('Target local');
  }
  await pickTarget(page, 5, 'local');
  await expect(page.locator('.jp-DossierStrip')).toHaveCount(4);

  await page.menu.clickMenuItem('Run>Run All Cells');

  // While the cell runs, its first line stands in it.
  await expect(outputsAt(page, 1)).toHaveText('first line\n');
  await expect(stateAt(page, 1)).toHaveText('running');
  await expect(promptAt(page, 1)).toHaveText('[*]:');
  await expect(promptAt(page, 4)).toHaveText('[*]:');
  await page.contents.uploadContent('', 'text', `${tmpPath}/go.txt`);
  await expect(outputsAt(page, 1)).toHaveText('first line\nsecond line\n');
  await expect(stateAt(page, 1)).toHaveText('done');

  await expect(outputsAt(page, 2).locator('img')).toBeVisible();
  const table = outputsAt(page, 3).getByRole('table');
  await expect(table.getByRole('row')).toHaveCount(6);
  await expect(outputsAt(page, 4)).toHaveText('sum 20 rows 5\n');

  await expect(outputsAt(page, 5)).toContainText('ZeroDivisionError');
  await expect(stateAt(page, 5)).toHaveText(/failed/);
  await expect(promptAt(page, 6)).toHaveText('[ ]:');
  await expect(outputsAt(page, 6)).toHaveCount(0);
  for (const index of [0, 1, 2, 3, 4, 5]) {
    // A cell far from what is seen is not in the page, in the windowing mode `full`.
    await page.notebook.selectCells(index);
    await expect(promptAt(page, index)).toHaveText(`[${index + 1}]:`);
  }

  // The same cell in the kernel fails with the same words.
  const words = async () =>
    (await outputsAt(page, 5).innerText()).replace(/In\s*\[\d+\]/g, 'In[n]');
  const remote = await words();
  await choose(targetAt(page, 5), 'Target of the cell', /^kernel/);
  await page.notebook.selectCells(5);
  await page.keyboard.press('Control+Enter');
  await expect(promptAt(page, 5)).toHaveText('[7]:');
  await expect.poll(words).toBe(remote);
});

test('a missing server half is said once, and kernel cells still run', async ({
  page,
  tmpPath
}) => {
  await page.route('**/dossier/api/**', route =>
    route.fulfill({ status: 404, body: '<html></html>' })
  );
  await openNotebook(page, `${tmpPath}/missing.ipynb`, [
    { source: 'print("in the kernel")' },
    { source: 'print("elsewhere")', target: 'local' }
  ]);
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(outputsAt(page, 0)).toHaveText('in the kernel\n');
  await expect(outputsAt(page, 1)).toContainText(
    'server extension does not answer'
  );
  await expect(
    page
      .getByRole('alert')
      .filter({ hasText: 'server extension does not answer' })
  ).toHaveCount(1);
});
