import { openNotebook } from '../support/notebook';
import { endOf, showRuns, startWorkflow } from '../support/runs';
import { expect, expectAccessible, look, test } from '../support/test';

test.use({ keepsToasts: true });

test('the panel tells what runs take, and cleans by keys alone', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/take.ipynb`, [
    { source: 'import os\nnoise = os.urandom(3_000_000)' },
    { source: 'print(len(noise))' }
  ]);
  const older = await startWorkflow(page);
  expect(await endOf(page, older)).toBe('done');
  const newer = await startWorkflow(page);
  expect(await endOf(page, newer)).toBe('done');
  const panel = await showRuns(page);
  const storage = panel.locator('dl');
  await expect(storage).toHaveText(
    /Values and outputs[\d.]+ [MG]iB of 50 GiBRecord of runs[\d.]+ [KM]iBKept for30 daysCleaning frees/
  );
  await expect(panel.locator(`[data-run="${older}"]`)).toHaveCount(1);
  await look(page, 'storage-panel');
  await expectAccessible(page, '#dossier-runs');

  await panel.getByRole('button', { name: 'Clean…' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Clean storage of runs');
  await expect(dialog.getByRole('spinbutton')).toHaveValue('30');
  await look(page, 'storage-asks');
  await expectAccessible(page, '.jp-Dialog');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('0');
  await page.keyboard.press('Enter');
  await expect(
    page.getByText(/^[1-9]\d* runs? (was|were) removed, and .* were freed\.$/)
  ).toBeVisible();
  await expect(panel.locator(`[data-run="${older}"]`)).toHaveCount(0);
  // The last run of a notebook stays.
  await expect(panel.locator(`[data-run="${newer}"]`)).toHaveCount(1);
});
