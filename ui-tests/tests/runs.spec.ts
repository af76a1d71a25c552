import { readFile } from 'fs/promises';

import { recordRequests } from '../support/extension';
import { openNotebook, outputsAt } from '../support/notebook';
import {
  endOf,
  entryOf,
  idOfRun,
  showRuns,
  startWorkflow
} from '../support/runs';
import { expect, expectAccessible, look, test } from '../support/test';

const cellsOf = (own: string) => [
  { source: '# # Readings\nreadings = list(range(1000))' },
  { source: 'for part in range(300):\n    print("part", part)' },
  { source: 'from IPython.display import HTML\nHTML("<b>rich</b>")' },
  {
    // No earlier run has done the same.
    source: `mean = sum(readings) / len(readings)\nprint("mean", mean)\nown = "${own}"`
  }
];

test('targets and runs stand in a side panel, and a run opens', async ({
  page,
  tmpPath
}) => {
  const requests = recordRequests(page);
  await openNotebook(page, `${tmpPath}/panel.ipynb`, cellsOf(tmpPath));
  expect(requests.api).toEqual([]);
  const id = await startWorkflow(page);
  expect(await endOf(page, id)).toBe('done');
  const panel = await showRuns(page);
  const targets = panel.getByRole('list', { name: 'Targets' });
  await expect(
    targets.getByRole('listitem').filter({ hasText: 'local' }).first()
  ).toContainText('usable');
  await expect(
    targets
      .getByRole('listitem')
      .filter({ has: page.getByText('cluster', { exact: true }) })
  ).toContainText(/not usable.*no provider for targets of kind/);

  const entry = entryOf(panel, id, /^done panel\.ipynb/);
  await expect(entry).toContainText(/workflow · .* · [\d.]+ m?s/);
  await panel.getByRole('searchbox').fill('zz nothing zz');
  await expect(panel).toContainText('No run matches the filter.');
  await panel.getByRole('searchbox').fill('panel work');
  await expect(entry).toHaveCount(1);
  await look(page, 'runs-panel');
  await expectAccessible(page, '#dossier-runs');

  await entry.click();
  const run = page.getByRole('main').locator('.jp-DossierRun');
  await expect(
    run.getByRole('heading', { name: 'Workflow run of panel.ipynb' })
  ).toBeVisible();
  const rows = run.getByRole('table', { name: 'Cells of the run' });
  await expect(rows.getByRole('row')).toHaveCount(5);
  await expect(rows.getByRole('row').nth(4)).toContainText(
    /mean = .*done.*local/
  );
  const cell = run.getByRole('region', { name: 'The chosen cell' });
  await expect(
    cell.getByRole('group', { name: 'Code that ran' })
  ).toContainText('mean = sum(readings)');
  await expect(cell.getByRole('group', { name: 'Outputs' })).toContainText(
    'mean 499.5'
  );
  await look(page, 'runs-run');
  await expectAccessible(page, '.jp-DossierRun');

  // By keys alone: to the cell above, and to its details.
  await rows.getByRole('button', { name: /mean = / }).focus();
  await page.keyboard.press('ArrowUp');
  await expect(cell.getByRole('group', { name: 'Outputs' })).toContainText(
    'rich'
  );
  await expect(cell.locator('b')).toHaveText('rich');
  await page.keyboard.press('End');
  await cell.getByRole('tab', { name: 'Code and outputs' }).focus();
  await page.keyboard.press('ArrowRight');
  const inputs = cell.getByRole('table', { name: 'Inputs' });
  await expect(inputs.getByRole('row').nth(1)).toContainText(
    /readings.*list.*KiB.*cell 1/
  );
  await expect(cell.getByRole('table', { name: 'Attempts' })).toContainText(
    /local/
  );
  await expect(cell.getByRole('table', { name: 'Conditions' })).toContainText(
    'user'
  );
  await look(page, 'runs-details');
  await expectAccessible(page, '.jp-DossierRun');
});

test('the log of a cell is searched, and only what is in view is in the page', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/log.ipynb`, cellsOf(tmpPath));
  const id = await startWorkflow(page);
  expect(await endOf(page, id)).toBe('done');
  const panel = await showRuns(page);
  await entryOf(panel, id, /^done log\.ipynb/).click();
  const run = page.getByRole('main').locator('.jp-DossierRun');
  await run.getByRole('button', { name: /for part in/ }).click();
  await run.getByRole('tab', { name: 'Log' }).click();
  const log = run.getByRole('log');
  await expect(log).toContainText('part 299');
  expect(await log.locator('.jp-DossierLog-line').count()).toBeLessThan(120);
  await expect(log).not.toContainText('part 100');
  await run.getByRole('searchbox', { name: 'Find in log' }).fill('part 10');
  await expect(run.locator('.jp-DossierLog-bar')).toContainText('1 of 11');
  await page.keyboard.press('Enter');
  await expect(run.locator('.jp-DossierLog-bar')).toContainText('2 of 11');
  await expect(log.locator('.jp-mod-current')).toContainText('part 100');
  await expect(run.getByRole('checkbox', { name: 'Follow' })).not.toBeChecked();
  await look(page, 'runs-log');
  await expectAccessible(page, '.jp-DossierRun');
  const download = page.waitForEvent('download');
  await run.getByRole('button', { name: 'Download log' }).click();
  const text = await readFile(await (await download).path(), 'utf8');
  expect(text).toContain('part 0\npart 1\n');
  expect(text).toContain('part 299\n');
});

test('a run is cancelled, run again, and its inputs loaded', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/waiting.ipynb`, [
    { source: 'x = 41' },
    { source: 'y = x + 1\nprint(y)' },
    {
      source:
        'import pathlib, time\nwhile not pathlib.Path("go").exists():\n    time.sleep(0.05)'
    }
  ]);
  const first = await startWorkflow(page);
  const panel = await showRuns(page);
  const running = entryOf(panel, first, /^running waiting/);
  await expect(running).toContainText('2 of 3 cells');
  await running.focus();
  await page.keyboard.press('Tab');
  await expect(panel.locator(':focus')).toHaveAccessibleName(
    'Cancel the run of waiting.ipynb'
  );
  await look(page, 'runs-running');
  await page.keyboard.press('Enter');
  const cancelled = entryOf(panel, first, /^cancelled waiting/);
  await expect(cancelled).toBeVisible();

  await page.contents.uploadContent('', 'text', `${tmpPath}/go`);
  await cancelled.click({ button: 'right' });
  const second = await idOfRun(page, () =>
    page.getByRole('menuitem', { name: 'Run Exactly This Again' }).click()
  );
  await expect(entryOf(panel, second, /^done waiting/)).toBeVisible();
  const run = page.locator('.jp-DossierRun:visible');
  await expect(run.locator('.jp-DossierRun-head')).toContainText('done');
  await run.getByRole('button', { name: /y = x/ }).click();
  await run.getByRole('button', { name: 'Open inputs' }).click();
  await expect(page.getByText('Opened in the kernel: x')).toBeVisible();
  await page.notebook.addCell('code', 'x');
  await page.notebook.selectCells(3);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 3)).toHaveText('41');
});

/**
 * Writes runs of a notebook that has not run into the server's ledger, or removes them.
 */
const ledgerCode = (body: string) => `import os, time
from jupyterlab_dossier.cli.host import reading
path = os.path.realpath("old.ipynb")
async with reading() as engine:
    database = engine.ledger.database
${body
  .split('\n')
  .map(line => `    ${line}`)
  .join('\n')}
print("written")`;

test('older runs are shown a page at a time, by keys', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/old.ipynb`, [
    {
      source: ledgerCode(`rows = [
    (f"{path}-{at}", "workflow", path, "done", 1e9 + at, 1e9 + at + 1, "{}")
    for at in range(250)
]
await database.write(lambda db: db.executemany(
    "INSERT INTO runs (run, kind, path, state, created, ended, conditions)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)", rows
))`)
    },
    {
      source: ledgerCode(
        'await database.write(lambda db: db.execute("DELETE FROM runs WHERE path = ?", [path]))'
      )
    }
  ]);
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 0)).toHaveText('written\n');
  const panel = await showRuns(page);
  await panel.getByRole('combobox', { name: 'Runs of' }).selectOption({
    label: 'This notebook'
  });
  const entries = panel
    .getByRole('list', { name: 'Runs' })
    .getByRole('listitem');
  const older = panel.getByRole('button', { name: 'Show older runs' });
  await expect(older).toHaveAccessibleDescription('The newest 200 are shown');
  await expect(entries).toHaveCount(200);
  await expect(entries.first()).toHaveAttribute('data-run', /-249$/);
  await expectAccessible(page, '#dossier-runs');
  await older.scrollIntoViewIfNeeded();
  await look(page, 'runs-older');

  await older.focus();
  await page.keyboard.press('Enter');
  await expect(entries).toHaveCount(250);
  await expect(older).toHaveCount(0);
  // Where a reader goes on: at the first that was not there before.
  await expect(entries.nth(200)).toHaveAttribute('data-run', /-49$/);
  await expect(entries.nth(200).getByRole('button')).toBeFocused();
  await page.keyboard.press('End');
  await expect(entries.last()).toHaveAttribute('data-run', /-0$/);
  await expect(entries.last().getByRole('button')).toBeFocused();

  await page.notebook.selectCells(1);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 1)).toHaveText('written\n');
});
