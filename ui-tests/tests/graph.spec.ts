import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { recordRequests } from '../support/extension';
import { openNotebook } from '../support/notebook';
import { expect, expectAccessible, look, test } from '../support/test';

const CELLS = [
  { source: 'import json' },
  { source: 'import time' },
  { source: '# Readings\nreadings = list(range(100_000))' },
  { source: 'total = sum(readings)\nprint("total", total)' },
  { source: 'largest = max(readings)\nprint("largest", largest)' },
  { source: 'print(json.dumps([total, largest]))' }
];

async function execute(
  page: IJupyterLabPageFixture,
  command: string,
  args: Record<string, string> = {}
): Promise<void> {
  await page.evaluate(
    async ([command, args]) => {
      await window.jupyterapp.commands.execute(command, args);
    },
    [command, args] as const
  );
}

async function showGraph(page: IJupyterLabPageFixture): Promise<Locator> {
  await execute(page, 'dossier:show-graph');
  const graph = page.locator('.jp-DossierGraph:visible');
  await expect(graph.getByRole('listbox')).toBeVisible();
  return graph;
}

function factsOf(graph: Locator): Locator {
  return graph.getByRole('region', { name: 'The chosen cell of the graph' });
}

/**
 * The number of the notebook's active cell, from 1.
 */
async function activeCell(page: IJupyterLabPageFixture): Promise<number> {
  return page.evaluate(() => {
    const shell = window.jupyterapp.shell;
    for (const widget of shell.widgets('main')) {
      if ('content' in widget && 'sessionContext' in widget) {
        const { activeCellIndex } = widget.content as {
          activeCellIndex: number;
        };
        return activeCellIndex + 1;
      }
    }
    return 0;
  });
}

test('a notebook is drawn as a graph, which lives while it runs', async ({
  page,
  tmpPath
}) => {
  const requests = recordRequests(page);
  await openNotebook(page, `${tmpPath}/living.ipynb`, CELLS);
  expect(requests.api).toEqual([]);
  await page.getByRole('button', { name: 'Show the graph' }).click();
  const graph = page.locator('.jp-DossierGraph:visible');
  const items = graph.getByRole('option');
  // Set-up cells are drawn as one.
  await expect(items).toHaveCount(5);
  await expect(items.first()).toHaveAccessibleName(
    /^Cell 1–2: Set-up, 2 cells, not run/
  );
  await expect(items.nth(1)).toHaveAccessibleName(/^Cell 3: Readings, not run/);
  await look(page, 'graph-fresh');

  await execute(page, 'dossier:set-default-target', { target: 'local' });
  await expect(items.nth(1)).toHaveAccessibleName(/not run · local$/);
  const places = () =>
    items.evaluateAll(all => all.map(it => it.getAttribute('transform')));
  const before = await places();
  await execute(page, 'dossier:run-workflow');
  await expect(items.nth(2)).toHaveAccessibleName(
    /^Cell 4: total = .*, (done|reused) · [\d.]+ m?s · local/
  );
  await expect(items.nth(4)).toHaveAccessibleName(/^Cell 6: .*, done/);
  expect(await places()).toEqual(before);

  const facts = factsOf(graph);
  await items.first().focus();
  await page.keyboard.press('End');
  await expect(
    facts.getByRole('heading', { name: /^Cell 6: print/ })
  ).toBeVisible();
  // What goes along, how much, and why.
  const needs = facts.getByRole('region', { name: 'Needs' });
  await expect(needs).toContainText(
    /4 total = .*total · [\d.]+ bytes.*cell 4 sets `total`.*cell 6 uses it/
  );
  await look(page, 'graph-done');
  await expectAccessible(page, '.jp-DossierGraph');

  // An edit is seen at its cell and at what depends on it.
  await page.locator('.jp-CodeCell .cm-line', { hasText: 'total = ' }).click();
  await page.keyboard.press('End');
  await page.keyboard.type(' + 1');
  await expect(items.nth(2)).toHaveAccessibleName(/^Cell 4: .*, edited/);
  await expect(items.nth(4)).toHaveAccessibleName(/^Cell 6: .*, upstream/);
});

test('the graph goes by keys alone, in step with the notebook', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/keys.ipynb`, [
    { source: '# Load *all*', type: 'markdown' },
    { source: 'a = 1' },
    { source: 'b = a' },
    { source: '# Use', type: 'markdown' },
    { source: 'c = b' },
    { source: 'import os\nprint(c)' }
  ]);
  const graph = await showGraph(page);
  const items = graph.getByRole('option');
  await expect(items).toHaveCount(4);
  await items.first().focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator(':focus')).toHaveAccessibleName(/^Cell 2: b = a/);
  await expect(page.locator(':focus')).toHaveAttribute('aria-selected', 'true');
  await expect.poll(() => activeCell(page)).toBe(3);
  await page.keyboard.press('End');
  await expect(page.locator(':focus')).toHaveAccessibleName(/^Cell 4/);
  await page.keyboard.press('ArrowUp');
  await expect(page.locator(':focus')).toHaveAccessibleName(/^Cell 3: c = b/);
  await expect(graph.locator('[tabindex="0"][role=option]')).toHaveCount(1);

  // The other way.
  await page.locator('.jp-CodeCell .cm-line', { hasText: 'a = 1' }).click();
  await expect(items.first()).toHaveAttribute('aria-selected', 'true');

  // A section is drawn as one, and opens again.
  const facts = factsOf(graph);
  await items.first().focus();
  await page.keyboard.press('ArrowDown');
  const fold = facts.getByRole('button', { name: 'Fold Load all, 2 cells' });
  await fold.focus();
  await page.keyboard.press('Enter');
  await expect(items).toHaveCount(3);
  await expect(items.first()).toHaveAccessibleName(
    /^Cell 1–2: Load all, 2 cells/
  );
  await look(page, 'graph-folded');
  await items.first().focus();
  await page.keyboard.press('Enter');
  await expect(items).toHaveCount(4);
  await graph
    .locator('xpath=..')
    .getByRole('button', { name: 'Fold…' })
    .click();
  await page.getByRole('menuitem', { name: 'Use, 2 cells' }).click();
  await expect(items).toHaveCount(3);

  // Search finds, Enter goes on to the next.
  const search = page.getByRole('searchbox', {
    name: 'Find cells by number, words or target'
  });
  await search.fill('b = a');
  await expect(page.locator('.jp-DossierGraph-search')).toContainText(
    '1 cell found'
  );
  await page.keyboard.press('Enter');
  await expect(
    facts.getByRole('heading', { name: 'Cell 2: b = a' })
  ).toBeVisible();
  await search.fill('');

  // The same as a table.
  await execute(page, 'dossier:show-graph-as-table');
  const rows = graph.getByRole('table', { name: 'Cells of the graph' });
  await expect(rows.getByRole('row')).toHaveCount(4);
  await expect(rows.getByRole('row').nth(2)).toContainText(
    /2\s*b = a.*not run.*kernel.*1 \(a\)/
  );
  await expect(page.locator(':focus')).toHaveText(/b = a/);
  await page.keyboard.press('ArrowUp');
  await expect(page.locator(':focus')).toHaveText(/a = 1/);
  await look(page, 'graph-table');
  await expectAccessible(page, '.jp-DossierGraph');
  await page.keyboard.press('Enter');
  await expect(page.locator('.jp-NotebookPanel :focus').first()).toBeAttached();
});

test('cells are run, cancelled, retried and looked into from the graph', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/acts.ipynb`, [
    { source: 'import pathlib, time' },
    {
      source:
        'print("waiting")\nwhile not pathlib.Path("go").exists():\n    time.sleep(0.05)\ndone = 1'
    },
    { source: 'late = done + 1' }
  ]);
  const graph = await showGraph(page);
  const items = graph.getByRole('option');
  const facts = factsOf(graph);
  await expect(items).toHaveCount(3);

  await items.nth(1).focus();
  await facts.getByRole('button', { name: 'Set target…' }).click();
  await page.getByRole('menuitemradio', { name: /^local/ }).click();
  await expect(items.nth(1)).toHaveAccessibleName(/local$/);
  await items.nth(1).focus();
  await facts.getByRole('button', { name: 'Run with dependents' }).click();
  await expect(items.nth(1)).toHaveAccessibleName(/, running/);
  await look(page, 'graph-running');
  await facts.getByRole('button', { name: 'Cancel' }).click();
  await expect(items.nth(1)).toHaveAccessibleName(
    /, (cancelled|failed|not done)/
  );

  await page.contents.uploadContent('', 'text', `${tmpPath}/go`);
  await facts.getByRole('button', { name: 'Retry' }).click();
  await expect(items.nth(1)).toHaveAccessibleName(
    /, done · [\d.]+ m?s · local/
  );
  await execute(page, 'dossier:show-critical-path');
  await expect(items.nth(1)).toHaveAccessibleName(/on the critical path$/);
  await expect(facts).toContainText(/on it: \d cells?, /);
  await look(page, 'graph-critical');

  await facts.getByRole('button', { name: 'Open log' }).click();
  const run = page.locator('.jp-DossierRun:visible');
  await expect(run.getByRole('log')).toContainText('waiting');
  // The run is a graph too.
  await expect(
    run.getByRole('option', { name: /^Cell 2: print\("waiting"\), done/ })
  ).toHaveAttribute('aria-selected', 'true');
  await look(page, 'graph-of-run');
});

test.describe('in a narrow window', () => {
  test.use({
    viewport: { width: 900, height: 700 },
    contextOptions: { reducedMotion: 'reduce' }
  });

  test('the graph can be used at 900 px, at 200 %, without motion', async ({
    page,
    tmpPath
  }) => {
    await openNotebook(page, `${tmpPath}/narrow.ipynb`, CELLS);
    const graph = await showGraph(page);
    const items = graph.getByRole('option');
    await items.first().focus();
    await page.keyboard.press('End');
    await expect(items.last()).toBeInViewport();
    await expect(factsOf(graph)).toBeInViewport();
    await look(page, 'graph-900');
    await page.evaluate(() => {
      document.body.style.setProperty('zoom', '2');
      window.dispatchEvent(new Event('resize'));
    });
    await page.keyboard.press('Home');
    await expect(items.first()).toBeFocused();
    await expect(factsOf(graph).getByRole('heading').first()).toBeVisible();
    await look(page, 'graph-200');
    const animations = await graph.evaluate(
      node => node.getAnimations({ subtree: true }).length
    );
    expect(animations).toBe(0);
  });
});

test('words of edges cover nothing; those without room are hidden', async ({
  page,
  tmpPath
}) => {
  const names = Array.from({ length: 6 }, (_, at) => `measurement_${at}`);
  await openNotebook(page, `${tmpPath}/crowded.ipynb`, [
    { source: 'first = 1' },
    ...names.map((name, at) => ({
      source: `${name} = first + ${[...names.slice(0, at), 1].join(' + ')}`
    })),
    { source: `print(${names.join(', ')})` }
  ]);
  // Asked for twice at once, it is opened once.
  await Promise.all([
    execute(page, 'dossier:show-graph'),
    execute(page, 'dossier:show-graph')
  ]);
  const graph = page.locator('.jp-DossierGraph');
  await expect(graph.getByRole('option')).toHaveCount(8);
  const words = graph.locator('.jp-DossierGraph-named text:visible');
  await expect(words.first()).toBeVisible();
  const boxes = await graph
    .locator('.jp-DossierGraph-named text:visible, .jp-DossierGraph-box')
    .evaluateAll(elements =>
      elements.map(element => {
        const { bottom, left, right, top } = element.getBoundingClientRect();
        return { bottom, left, right, top };
      })
    );
  for (const [at, a] of boxes.entries()) {
    for (const b of boxes.slice(at + 1)) {
      const isAcross =
        a.left < b.right &&
        b.left < a.right &&
        a.top < b.bottom &&
        b.top < a.bottom;
      expect(isAcross, JSON.stringify([a, b])).toBe(false);
    }
  }
  const hidden = graph.locator('.jp-DossierGraph-named.jp-mod-crowded');
  await expect(hidden.first().locator('text')).toBeHidden();
  await look(page, 'graph-crowded');
});
