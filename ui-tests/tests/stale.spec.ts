import { median, report } from '../support/extension';
import {
  cellAt,
  markAt,
  notebookOf,
  openByPath,
  openNotebook,
  outputsAt,
  stateAt
} from '../support/notebook';
import { endOf, idOfRun } from '../support/runs';
import {
  expect,
  expectAccessible,
  laidOut,
  look,
  settled,
  test
} from '../support/test';

const CELLS = [
  { source: 'a = 1' },
  { source: 'b = a + 1', target: 'local' },
  { source: 'print("b", b)' },
  { source: 'print("apart")', target: 'local' }
];

test(
  'stale cells are marked and run, by keys',
  laidOut,
  async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/stale.ipynb`, CELLS);
    for (const index of [0, 1, 2, 3]) {
      await expect(markAt(page, index)).toHaveText('not run');
    }
    await page.notebook.selectCells(0);
    const first = await idOfRun(page, () => page.keyboard.press('Alt+R'));
    expect(await endOf(page, first)).toBe('done');
    await expect(outputsAt(page, 2)).toHaveText('b 2\n');
    for (const index of [0, 1, 2, 3]) {
      await expect(markAt(page, index)).toHaveCount(0);
    }
    await expect(stateAt(page, 3)).toHaveText(/done|reused/);
    await expect(outputsAt(page, 3)).toHaveText('apart\n');
    const place = () => cellAt(page, 3).boundingBox();
    const before = await settled(page, place);

    await page.keyboard.press('Enter');
    await expect(cellAt(page, 0).getByRole('textbox')).toBeFocused();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('1');
    await expect(markAt(page, 0)).toHaveText('edited');
    await expect(markAt(page, 1)).toHaveText('upstream');
    await expect(cellAt(page, 1)).toContainText(
      'Must run again: `a` comes from code cell 1, which changed'
    );
    await expect(markAt(page, 2)).toHaveText('upstream');
    await expect(markAt(page, 2)).toHaveAccessibleDescription(
      'Must run again: `b` comes from code cell 2, which must run again'
    );
    await expect(markAt(page, 3)).toHaveCount(0);
    expect(await place()).toEqual(before);
    await expectAccessible(page, '.jp-DossierStale');

    await markAt(page, 2).focus();
    await expect(page.getByRole('tooltip')).toHaveText(
      'Must run again: `b` comes from code cell 2, which must run again'
    );
    await look(page, 'stale');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('tooltip')).toHaveCount(0);

    await page.notebook.enterCellEditingMode(0);
    await page.keyboard.press('Control+Z');
    for (const index of [0, 1, 2]) {
      await expect(markAt(page, index)).toHaveCount(0);
    }

    await page.keyboard.press('Control+End');
    await page.keyboard.type('2');
    await page.keyboard.press('Escape');
    await page.notebook.selectCells(1);
    const needed = await idOfRun(page, () =>
      page.keyboard.press('Alt+Shift+ArrowUp')
    );
    expect(await endOf(page, needed)).toBe('done');
    await expect(markAt(page, 0)).toHaveCount(0);
    await expect(markAt(page, 1)).toHaveCount(0);
    await expect(markAt(page, 2)).toHaveText('upstream');
    await expect(outputsAt(page, 2)).toHaveText('b 2\n');

    await page.keyboard.press('Alt+Shift+ArrowDown');
    await expect(outputsAt(page, 2)).toHaveText('b 13\n');
    await expect(markAt(page, 2)).toHaveCount(0);
  }
);

test('a cell that runs in the kernel is stale no more, and what uses it is', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/kernel.ipynb`, [
    { source: 'a = 1' },
    { source: 'print("a", a)', target: 'local' }
  ]);
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(outputsAt(page, 1)).toHaveText('a 1\n');
  await expect(markAt(page, 1)).toHaveCount(0);
  await page.notebook.setCell(0, 'code', 'a = 3');
  await expect(markAt(page, 0)).toHaveText('edited');
  await page.keyboard.press('Control+Enter');
  await expect(markAt(page, 0)).toHaveCount(0);
  await expect(markAt(page, 1)).toHaveText('upstream');
  await page.notebook.selectCells(1);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 1)).toHaveText('a 3\n');
  await expect(markAt(page, 1)).toHaveCount(0);
});

test.describe(() => {
  test.use({
    settings: { 'jupyterlab-dossier:plugin': { markStale: false } }
  });

  test('marks can be switched off', async ({ page, tmpPath }) => {
    const asked: string[] = [];
    page.on('request', request => {
      if (request.url().includes('/changes')) {
        asked.push(request.url());
      }
    });
    await openNotebook(page, `${tmpPath}/off.ipynb`, CELLS);
    await page.notebook.setCell(0, 'code', 'a = 2');
    await page.notebook.selectCells(0);
    await page.keyboard.press('Alt+R');
    await expect(outputsAt(page, 2)).toHaveText('b 3\n');
    await page.notebook.setCell(0, 'code', 'a = 4');
    await expect(markAt(page, 0)).toHaveCount(0);
    await expect(page.locator('.jp-DossierStale:visible')).toHaveCount(0);
    expect(asked.length).toBeGreaterThan(0);
  });
});

test('marks of 1,000 cells come soon after an edit, and go with it', async ({
  page,
  tmpPath
}) => {
  const path = `${tmpPath}/thousand.ipynb`;
  const sources = Array.from({ length: 1000 }, (_, index) => ({
    source: index ? `x${index} = x${index - 1} + 1` : 'x0 = 1',
    ...(index === 999 ? { target: 'local' } : {})
  }));
  const content = notebookOf(path, sources) as {
    cells: { execution_count: number }[];
  };
  // They have run, as they stand.
  content.cells.forEach(cell => (cell.execution_count = 1));
  await page.contents.uploadContent(JSON.stringify(content), 'text', path);
  const ready = page.waitForResponse(
    response =>
      response.url().includes('/dossier/api/changes') &&
      (response.request().postDataJSON() as { token: unknown }).token !== null
  );
  await openByPath(page, path);
  await ready;
  const found = await page.evaluate(async () => {
    const panel = window.jupyterapp.shell.currentWidget as never as {
      content: {
        model: { cells: Iterable<{ sharedModel: IText }> };
        widgets: { node: HTMLElement }[];
      };
    };
    interface IText {
      updateSource(from: number, to: number, text: string): void;
    }
    const [{ sharedModel }] = Array.from(panel.content.model.cells);
    const wordOf = (index: number) =>
      panel.content.widgets[index].node.querySelector(
        '.jp-DossierStale:not([hidden]) .jp-DossierStale-word'
      )?.textContent ?? '';
    const shown = async (words: [string, string]) => {
      while (wordOf(0) !== words[0] || wordOf(5) !== words[1]) {
        await new Promise(requestAnimationFrame);
      }
    };
    const own: number[] = [];
    const all: number[] = [];
    const tasks: number[] = [];
    const observer = new PerformanceObserver(list =>
      list.getEntries().forEach(({ duration }) => tasks.push(duration))
    );
    observer.observe({ entryTypes: ['longtask'] });
    for (let round = 0; round < 8; round++) {
      const start = performance.now();
      sharedModel.updateSource(5, 5, '1');
      while (wordOf(0) !== 'edited') {
        await new Promise(requestAnimationFrame);
      }
      own.push(performance.now() - start);
      await shown(['edited', 'upstream']);
      all.push(performance.now() - start);
      sharedModel.updateSource(5, 6, '');
      await shown(['', '']);
    }
    observer.disconnect();
    return { own, all, longest: Math.max(0, ...tasks) };
  });
  report('marks after an edit, 1,000 cells, ms', {
    edited: median(found.own),
    dependents: median(found.all),
    longestTask: found.longest
  });
  // Against hanging, as other processes are at work; the goal is 100 ms, and the figures printed tell.
  expect(median(found.own)).toBeLessThan(3000);
  expect(median(found.all)).toBeLessThan(10_000);
});
