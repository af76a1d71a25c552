import { openNotebook } from '../support/notebook';
import { endOf, idOfRun, openRun, startWorkflow } from '../support/runs';
import { expect, expectAccessible, look, test } from '../support/test';

test('a run says of each cell why it was executed or not', async ({
  page,
  tmpPath
}) => {
  // No earlier run has done the same.
  const own = Date.now();
  const scale = (factor: number) =>
    `def scale(x):\n    return ${factor} * x + ${own}`;
  await openNotebook(page, `${tmpPath}/why.ipynb`, [
    { source: scale(2) },
    { source: 'rows = [21, 22, 23]' },
    { source: 'largest = scale(max(rows))\nprint(largest)' },
    { source: 'print(largest + 1)' },
    { source: 'print(len(rows))' }
  ]);
  const first = await startWorkflow(page);
  expect(await endOf(page, first)).toBe('done');
  await page.notebook.setCell(0, 'code', scale(3));
  const second = await startWorkflow(page);
  expect(await endOf(page, second)).toBe('done');

  const run = await openRun(page, second);
  const cells = run.getByRole('table', { name: 'Cells of the run' });
  const states = ['done', 'reused', 'done', 'done', 'reused'];
  for (const [index, state] of states.entries()) {
    await expect(cells.getByRole('row').nth(index + 1)).toContainText(state);
  }
  // The last cell is the chosen one; keys lead to the part that tells.
  await run.getByRole('tab', { name: 'Code and outputs' }).focus();
  await page.keyboard.press('ArrowRight');
  const taken = run.getByRole('region', { name: 'Why it was not executed' });
  await expect(taken).toContainText('Nothing that it depends on has changed');
  await look(page, 'reuse-taken');

  const select = async (source: RegExp) => {
    const buttons = cells.getByRole('row').getByRole('button');
    await cells.locator('[aria-current=true]').focus();
    await page.keyboard.press('Home');
    for (let at = 0; at < 5; at++) {
      const button = buttons.nth(at);
      await expect(button).toHaveAttribute('aria-current', 'true');
      if (source.test((await button.textContent())!)) {
        return;
      }
      await page.keyboard.press('ArrowDown');
    }
  };
  const executed = run.getByRole('region', { name: 'Why it was executed' });
  const differs = executed
    .getByRole('table', { name: 'What differs from the earlier run' })
    .getByRole('row');
  await select(/def scale/);
  await expect(differs.nth(1)).toHaveText(/code.*its code changed/);
  await select(/largest = scale/);
  await expect(differs.nth(1)).toHaveText(/inputs.*helper `scale` changed/);
  await expect(differs).toHaveCount(2);
  await look(page, 'reuse-executed');
  await expectAccessible(page, '.jp-DossierRun');
  await select(/print\(largest \+ 1\)/);
  await expect(differs.nth(1)).toHaveText(
    /inputs.*input `largest` from cell \d changed/
  );

  await page.keyboard.press('End');
  await taken.getByRole('button', { name: 'Open that run' }).focus();
  await page.keyboard.press('Enter');
  const origin = page.locator(`#dossier-run-${first}`);
  await expect(origin.getByRole('heading', { level: 2 })).toHaveText(
    'Workflow run of why.ipynb'
  );
  await expect(origin.getByRole('tab', { name: 'Details' })).toBeVisible();
});

test('a cell that was run by itself says that it always is', async ({
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
  await view.getByRole('tab', { name: 'Details' }).click();
  await expect(
    view.getByRole('region', { name: 'Why it was executed' })
  ).toContainText('It was run by itself');
});
