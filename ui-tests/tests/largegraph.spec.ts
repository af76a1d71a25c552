import { report } from '../support/extension';
import { notebookOf, openByPath } from '../support/notebook';
import { longTasks } from '../support/tasks';
import { alone, expect, test } from '../support/test';

const COUNT = 1000;

/**
 * Cells in chains that join now and then, as notebooks have them.
 */
const CELLS = Array.from({ length: COUNT }, (_, at) => ({
  source:
    at < 5
      ? `v${at} = ${at}`
      : `v${at} = v${at - 5} + ${at % 7 ? at : `v${at - 3}`}`
}));

test(
  'the graph of 1,000 cells stands soon, and typing beside it stays smooth',
  alone,
  async ({ browser, page, tmpPath }) => {
    test.setTimeout(300_000);
    const path = `${tmpPath}/large.ipynb`;
    await page.contents.uploadContent(
      JSON.stringify(notebookOf(path, CELLS)),
      'text',
      path
    );
    await openByPath(page, path);
    const cell = page.locator('.jp-CodeCell .cm-line', { hasText: 'v2 = 2' });
    await expect(cell).toBeVisible();

    const type = async () => {
      await cell.click();
      await page.keyboard.press('End');
      for (const key of '0123456789') {
        await page.keyboard.type(key);
        await page.evaluate(
          () => new Promise(done => requestAnimationFrame(() => done(null)))
        );
      }
    };
    const without = await longTasks(browser, type);
    const opening = await longTasks(browser, async () => {
      await page.evaluate(async () => {
        await window.jupyterapp.commands.execute('dossier:show-graph');
      });
      await expect(
        page.locator('.jp-DossierGraph').getByRole('option')
      ).toHaveCount(COUNT, { timeout: 120_000 });
    });
    const drawn = await page.evaluate(() => {
      const at = (name: string) =>
        performance.getEntriesByName(name)[0].startTime;
      return at('dossier-graph-drawn') - at('dossier-graph-laid-out');
    });
    const typing = await longTasks(browser, type);
    report(`graph of ${COUNT} cells, milliseconds`, {
      drawn: Math.round(drawn),
      opening,
      typing,
      'typing without the graph': without
    });
    // The goals are 600, and no task that is not there without the graph. These are against hanging,
    // since a busy machine has cold caches; the figures printed tell.
    expect(drawn).toBeLessThan(20_000);
    expect(typing.length).toBeLessThan(without.length + 20);
    expect(Math.max(0, ...typing)).toBeLessThan(Math.max(0, ...without) + 1000);
  }
);
