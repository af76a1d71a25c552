import { openNotebook } from '../support/notebook';
import {
  endOf,
  entryOf,
  openRun,
  showRuns,
  startWorkflow
} from '../support/runs';
import { expect, expectAccessible, look, test } from '../support/test';

test('two runs are compared by keys alone: code, inputs, outputs and what is the same', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/pair.ipynb`, [
    { source: 'rows = [1, 2, 3]' },
    { source: 'print(len(rows))' },
    { source: '# the factor\nfactor = 2\nlimit = 10' },
    { source: 'print([factor * row for row in rows])' },
    { source: 'print("at the end")' }
  ]);
  const first = await startWorkflow(page);
  expect(await endOf(page, first)).toBe('done');
  await page.notebook.setCell(
    2,
    'code',
    '# the factor\nfactor = 3\nlimit = 10'
  );
  const second = await startWorkflow(page);
  expect(await endOf(page, second)).toBe('done');

  // From the menu of the entry in the panel; the run before it is offered first.
  const panel = await showRuns(page);
  await entryOf(panel, second, /pair/).focus();
  await page.keyboard.press('Shift+F10');
  const item = page.getByRole('menuitem', {
    name: 'Compare with Another Run…'
  });
  await expect(item).toBeVisible();
  for (let i = 0; i < 10; i++) {
    // A menu shows what is active with the next frame.
    const isActive = await item.evaluate(async node => {
      await new Promise(requestAnimationFrame);
      return node.matches('.lm-mod-active');
    });
    if (isActive) {
      break;
    }
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('combobox')).toHaveValue(
    new RegExp(`workflow · done .* ${first}`)
  );
  await page.keyboard.press('Enter');

  const view = page.locator('.jp-DossierCompare');
  await expect(view.getByRole('status')).toHaveText('2 cells differ.');
  await expect(view.getByRole('heading', { level: 2 })).toHaveText([
    /^Run A.*done.*workflow run of pair\.ipynb/,
    /^Run B.*done.*workflow run of pair\.ipynb/
  ]);
  const code = view.getByRole('region', { name: 'Cell 3', exact: true });
  await expect(code.getByRole('heading')).toHaveText(
    /Cell 3code \(\+1 −1 lines\)/
  );
  await expect(
    code.getByRole('textbox', { name: 'Code in run A' })
  ).toContainText('factor = 2');
  await expect(
    code.getByRole('textbox', { name: 'Code in run B' })
  ).toContainText('factor = 3');
  const shown = view.getByRole('region', { name: 'Cell 4', exact: true });
  await expect(shown.getByRole('heading').first()).toHaveText(
    /Cell 4inputsoutputs/
  );
  await expect(shown).toContainText('Inputs with other bytes: factor');
  await expect(
    shown.getByRole('list', { name: 'How outputs differ' })
  ).toContainText(/stdout: .*\[2, 4, 6\].* instead of .*\[3, 6, 9\]/);
  await expect(
    shown.getByRole('group', { name: 'Outputs in run A' })
  ).toContainText('[2, 4, 6]');
  await expect(
    shown.getByRole('group', { name: 'Outputs in run B' })
  ).toContainText('[3, 6, 9]');
  await look(page, 'compare-runs');
  await expectAccessible(page, '.jp-DossierCompare');

  // What is the same is folded, and opens by keys.
  await expect(view.getByText('Cell 5 is the same')).toBeVisible();
  await expect(view.getByText('print(len(rows))')).toBeHidden();
  await view.getByText('Cells 1 to 2 are the same').focus();
  await page.keyboard.press('Enter');
  await expect(view.getByText('print(len(rows))')).toBeVisible();

  // In a narrow window the code stands as one text.
  await page.setViewportSize({ width: 900, height: 700 });
  await expect(
    code.getByRole('textbox', {
      name: 'Code in run B, with what was in run A'
    })
  ).toContainText('factor = 3');
  await expect(code.locator('.cm-deletedChunk')).toContainText('factor = 2');
  await look(page, 'compare-narrow');
  await expectAccessible(page, '.jp-DossierCompare');

  await page.getByRole('button', { name: 'Swap A and B' }).click();
  const swapped = page.locator(
    `#dossier-compare-${second}\\.${first} .jp-DossierCompare`
  );
  await expect(
    swapped.getByRole('group', { name: 'Outputs in run A' })
  ).toContainText('[3, 6, 9]');
});

test.describe(() => {
  test.use({ keepsToasts: true });

  test('a run that is the only one of its notebook says so', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/only.ipynb`, [{ source: 'x = 1' }]);
    const only = await startWorkflow(page);
    expect(await endOf(page, only)).toBe('done');
    await openRun(page, only);
    await page.getByRole('button', { name: 'Compare…' }).click();
    await expect(
      page.getByText('There is no other run of only.ipynb.')
    ).toBeVisible();
  });
});
