import { readFileSync } from 'node:fs';

import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Browser } from '@playwright/test';

import { cellAt, openNotebook, outputsAt, promptAt } from '../support/notebook';
import { longTasks } from '../support/tasks';
import { alone, expect, test } from '../support/test';

const print = (megabytes: number) =>
  `for _ in range(${megabytes}):\n    print("y" * ((1 << 20) - 1))\nprint("the end")`;
const update = (times: number) =>
  [
    'from IPython.display import display',
    'shown = display("start", display_id=True)',
    `for step in range(${times}):\n    shown.update(f"step {step}")`
  ].join('\n');
// Milliseconds of the page's processor time, and elapsed. The goals are 50 and 100; a busy machine
// has cold caches and answers later: these are against hanging, the figures printed tell.
const GENEROUS = { task: 500, status: 10_000 };

/**
 * Type into one cell while another runs; the longest task of the page, in processor time, and the
 * slowest answer of the server meanwhile, in milliseconds.
 */
async function measure(
  page: IJupyterLabPageFixture,
  browser: Browser,
  cell: number,
  typing: number
): Promise<{ task: number; status: number; seconds: number }> {
  let over = false;
  const began = Date.now();
  const status = (async () => {
    let slowest = 0;
    while (!over) {
      const start = performance.now();
      const answer = await page.request.get('api/status');
      expect(answer.ok()).toBe(true);
      slowest = Math.max(slowest, performance.now() - start);
    }
    return slowest;
  })();
  let seconds = 0;
  const [task = 0] = await longTasks(browser, async () => {
    await page.notebook.selectCells(cell);
    await page.keyboard.press('Control+Enter');
    const typed = (async () => {
      await cellAt(page, typing).locator('.cm-content').click();
      while (!over) {
        await page.keyboard.press('a');
      }
    })();
    await ended(page, cell).finally(() => (over = true));
    seconds = (Date.now() - began) / 1000;
    await typed;
  });
  return { task, status: Math.round(await status), seconds };
}

const ended = (page: IJupyterLabPageFixture, cell: number) =>
  expect(promptAt(page, cell)).toHaveText(/\d/, { timeout: 100_000 });

// A kernel's own cell beside it says less: its page might not come to an end in time.
for (const [what, source, last, less, bare] of [
  [
    'printing 200 MB',
    print(200),
    'Open the whole output',
    'printing 5 MB',
    print(5)
  ],
  [
    'sending 20,000 updates of a display',
    update(20_000),
    'step 19999',
    'sending 2,000 updates',
    update(2_000)
  ]
] as const) {
  test(
    `a cell ${what} holds up nobody`,
    alone,
    async ({ browser, page, tmpPath }) => {
      await openNotebook(page, `${tmpPath}/flood.ipynb`, [
        { source: '1', target: 'local' },
        { source, target: 'local' },
        { source: '' },
        { source: bare }
      ]);
      await page.notebook.selectCells(0);
      await page.keyboard.press('Control+Enter');
      await expect(outputsAt(page, 0)).toHaveText('1');
      const found = await measure(page, browser, 1, 2);
      await expect(cellAt(page, 1)).toContainText(last);
      const beside = await measure(page, browser, 3, 2);
      console.log(`${what}, elsewhere: ${JSON.stringify(found)}`);
      console.log(`${less}, in the kernel: ${JSON.stringify(beside)}`);
      expect(found.task).toBeLessThan(GENEROUS.task);
      expect(found.status).toBeLessThan(GENEROUS.status);
    }
  );
}

test('the whole of a long output is a file behind a link', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/long.ipynb`, [
    {
      source: 'for n in range(300_000):\n    print("line", n)',
      target: 'local'
    }
  ]);
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  const link = cellAt(page, 0).getByRole('link', {
    name: 'Open the whole output'
  });
  await expect(cellAt(page, 0)).toContainText('line 299999', {
    timeout: 60_000
  });
  const download = page.waitForEvent('download');
  await link.click();
  const text = readFileSync(await (await download).path(), 'utf8');
  expect(text.split('\n').length).toBe(300_001);
});
