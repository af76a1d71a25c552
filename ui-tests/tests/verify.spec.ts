import * as fs from 'fs';

import { openNotebook } from '../support/notebook';
import { endOf, idOfRun, openRun, startWorkflow } from '../support/runs';
import { expect, expectAccessible, look, test } from '../support/test';

test('verifying names the cell that is random, and asks before cells reach outside', async ({
  page,
  tmpPath
}) => {
  const outside = `/tmp/dossier-verify-${Date.now()}.txt`;
  // A verifying run has a copy of the folder: what it waits for is elsewhere.
  const go = `${outside}.go`;
  await openNotebook(page, `${tmpPath}/again.ipynb`, [
    { source: 'rows = list(range(1000))\nprint(sum(rows))' },
    { source: 'import random\ndrawn = random.random()\nprint(drawn)' },
    { source: 'print("twice", 2 * drawn)' },
    { source: `open(${JSON.stringify(outside)}, "w").write("told")` },
    {
      source: `import pathlib, time\nwhile not pathlib.Path(${JSON.stringify(go)}).exists():\n    time.sleep(0.05)`
    }
  ]);
  const run = await startWorkflow(page);
  const view = await openRun(page, run);
  const bar = view.locator('.jp-Toolbar');
  const button = (name: string) => bar.getByRole('button', { name });
  // What goes on can be cancelled, and not be verified.
  await expect(button('Cancel')).toBeEnabled();
  await expect(button('Verify…')).toBeDisabled();
  fs.writeFileSync(go, '');
  expect(await endOf(page, run)).toBe('done');
  await expect(button('Cancel')).toBeDisabled();
  await expect(button('Run Again')).toBeEnabled();
  await expect(button('Verify…')).toBeEnabled();

  // The verifying run waits until it is let go.
  fs.rmSync(go);
  await button('Verify…').focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Verify this run?');
  await expect(dialog.getByRole('checkbox')).not.toBeChecked();
  await look(page, 'verify-asks');
  await expectAccessible(page, '.jp-Dialog');
  await page.keyboard.press('Enter');

  const verdicts = view.getByRole('region', {
    name: 'Verification of the run'
  });
  await expect(verdicts.getByRole('status')).toHaveText(/^Verifying/);
  await look(page, 'verify-goes-on');
  fs.writeFileSync(go, '');
  await expect(verdicts.getByRole('status')).toHaveText(
    'Verified: 2 cells of 5 differ.',
    { timeout: 120_000 }
  );
  const rows = verdicts
    .getByRole('table', { name: 'Cells that are not identical' })
    .getByRole('row');
  await expect(rows).toHaveText([
    /Cell.*Verdict.*How.*Likely cause/,
    /Cell 2differs.*instead of.*random/,
    /Cell 3follows an earlier cell.*twice/,
    new RegExp(`Cell 4not verified.*${outside}`)
  ]);
  await look(page, 'verify-verdicts');
  await expectAccessible(page, '.jp-DossierRun');

  // Cells that reach outside are named, and only executed when asked for.
  await verdicts
    .getByRole('button', { name: /with cells that reach outside/ })
    .focus();
  await page.keyboard.press('Enter');
  await expect(
    dialog.getByRole('list', { name: 'Cells that reach outside' })
  ).toContainText(`Cell 4: it writes ${outside}`);
  await dialog.getByRole('checkbox').focus();
  await page.keyboard.press('Space');
  await look(page, 'verify-asks-outside');
  await page.keyboard.press('Enter');
  // That cell is the same, too.
  await expect(rows).toHaveCount(3, { timeout: 120_000 });
  await expect(verdicts.getByRole('status')).toHaveText(
    'Verified: 2 cells of 5 differ.'
  );

  await verdicts
    .getByRole('button', { name: 'Compare with the verifying run' })
    .click();
  await expect(
    page.locator('.jp-DossierCompare').getByRole('region', { name: 'Cell 2' })
  ).toContainText('outputs');
});

test('a run of one cell is not offered to be run again or verified', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/alone.ipynb`, [
    { source: 'print("alone")', target: 'local' }
  ]);
  const run = await idOfRun(page, async () => {
    await page.notebook.selectCells(0);
    await page.keyboard.press('Control+Enter');
  });
  expect(await endOf(page, run)).toBe('done');
  const view = await openRun(page, run);
  for (const name of ['Run Again', 'Verify…', 'Cancel']) {
    await expect(
      view.locator('.jp-Toolbar').getByRole('button', { name })
    ).toBeDisabled();
  }
});
