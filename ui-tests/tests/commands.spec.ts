import {
  openNotebook,
  outputsAt,
  stateAt,
  targetAt
} from '../support/notebook';
import { expect, expectAccessible, look, test } from '../support/test';

test.use({ keepsToasts: true });

test('every command is in the palette, says what it takes, and is used from there by keys', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/palette.ipynb`, [
    { source: 'print("from the palette")' },
    { source: 'print("by default")' }
  ]);
  const commands = await page.evaluate(async () => {
    const { commands } = window.jupyterapp;
    const ours = commands
      .listCommands()
      // One that is of a run's cell has its place in the view of the run.
      .filter(id => id.startsWith('dossier:') && commands.isVisible(id));
    return Promise.all(
      ours.map(async id => ({
        label: commands.label(id),
        described: (await commands.describedBy(id)).args
      }))
    );
  });
  for (const { label, described } of commands) {
    expect(described, label).toMatchObject({ type: 'object' });
  }

  const palette = page.locator('.lm-CommandPalette');
  const ask = async (words: string) => {
    await page.keyboard.press('Control+Shift+C');
    await expect(palette.locator('input:focus')).toHaveCount(1);
    await page.keyboard.type(words);
    await expect(palette.locator('.lm-mod-active')).toContainText(words);
  };
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Shift+C');
  await expect(palette.locator('input:focus')).toHaveCount(1);
  await page.keyboard.type('Dossier');
  for (const { label } of commands) {
    await expect(
      palette.locator('.lm-CommandPalette-item').filter({ hasText: label })
    ).not.toHaveCount(0);
  }
  await look(page, 'palette');
  await page.keyboard.press('Escape');

  await page.notebook.selectCells(0);
  await ask('Set Target…');
  await page.keyboard.press('Enter');
  const menu = page.getByRole('menu', { name: 'Target' });
  await expect(menu.locator(':focus')).toContainText('default (kernel)');
  await page.keyboard.press('l');
  await page.keyboard.press('Enter');
  await expect(targetAt(page, 0)).toHaveText('Target local');
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 0)).toHaveText('from the palette\n');
  await expect(stateAt(page, 0)).toHaveText('done');

  await ask('Set Default Target');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menu').locator(':focus')).toBeVisible();
  await page.keyboard.press('l');
  await page.keyboard.press('Enter');
  await expect(targetAt(page, 1)).toHaveText('Target default (local)');
  await ask('Run as Workflow');
  await page.keyboard.press('Enter');
  await expect(
    page.getByText('palette.ipynb ran as a workflow.')
  ).toBeVisible();
  await expect(outputsAt(page, 1)).toHaveText('by default\n');
  await expectAccessible(page, '.Toastify__toast');
});
