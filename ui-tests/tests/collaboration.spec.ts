import { expect, type Page, test } from '@playwright/test';
import * as fs from 'fs';
import * as path from 'path';

import { cellAt, outputsAt, promptAt, stateAt } from '../support/notebook';
import { OwnServer, ownPort } from '../support/server';

const ROOT = path.resolve(__dirname, '../..');

const WAITS = `import pathlib, time
print("before", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.05)
print("after")`;

/**
 * With a document open, jupyter-collaboration's server waits for a thread of its own after
 * SIGTERM without end, also where this extension is not enabled.
 */
const GRACE = 5_000;

/**
 * A server with jupyter-collaboration, in the environment that `make browser-tools` made for it.
 */
function server(...more: string[]): OwnServer {
  const python = path.join(ROOT, '.venvs/collaboration/bin/python');
  test.skip(!fs.existsSync(python), 'make browser-tools makes what it needs');
  return new OwnServer({
    port: ownPort(200),
    python,
    arguments: more,
    environment: {
      PYTHONPATH: process.env.PYTHONPATH ?? ROOT,
      JUPYTER_PATH:
        process.env.JUPYTER_PATH ?? path.join(ROOT, '.venv/share/jupyter')
    }
  });
}

async function run(page: Page, index: number): Promise<void> {
  await cellAt(page, index).click();
  await page.keyboard.press('Control+Enter');
}

test('two browsers see a run once, also when the one that began it goes', async ({
  browser
}) => {
  const own = server();
  try {
    own.write('n.ipynb', ['print("short")', WAITS], ['local', 'local']);
    await own.start();
    const first = await (await browser.newContext()).newPage();
    await own.open(first, 'n.ipynb');
    const second = await (await browser.newContext()).newPage();
    await own.open(second, 'n.ipynb');

    await run(first, 0);
    for (const page of [first, second]) {
      await expect(outputsAt(page, 0)).toHaveText(['short\n']);
      await expect(stateAt(page, 0)).toHaveText(/done/);
      await expect(promptAt(page, 0)).toHaveText('[1]:');
    }
    await run(first, 1);
    for (const page of [first, second]) {
      await expect(outputsAt(page, 1)).toHaveText(['before\n']);
      await expect(promptAt(page, 1)).toHaveText('[*]:');
    }
    await first.close();
    await expect(stateAt(second, 1)).toHaveText(/running/);
    fs.writeFileSync(path.join(own.root, 'go'), '');
    await expect(outputsAt(second, 1)).toHaveText(['before\nafter\n']);
    await expect(promptAt(second, 1)).toHaveText('[2]:');
    await expect(stateAt(second, 1)).toHaveText(/done/);
    await second.screenshot({ path: 'test-results/looks/collaboration.png' });

    const third = await (await browser.newContext()).newPage();
    await own.open(third, 'n.ipynb');
    await expect(outputsAt(third, 1)).toHaveText(['before\nafter\n']);
    await expect(outputsAt(third, 0)).toHaveText(['short\n']);
    await expect(outputsAt(second, 1)).toHaveText(['before\nafter\n']);
  } finally {
    await own.stop('SIGTERM', GRACE);
  }
});

test('with server-side execution switched on, targets stay targets and why it is not used is said', async ({
  page
}) => {
  const own = server('--YDocExtension.server_side_execution=True');
  try {
    const sources = ['x = 20', 'import os\nprint(x + 1, os.getpid())'];
    own.write('n.ipynb', [...sources, 'print(x + 2)'], [null, 'local', null]);
    await own.start();
    await own.open(page, 'n.ipynb');
    const asked: string[] = [];
    page.on('request', request => {
      if (request.url().includes('/execute')) {
        asked.push(request.postData() ?? '');
      }
    });
    await run(page, 0);
    await expect(promptAt(page, 0)).toHaveText('[1]:');
    await run(page, 1);
    await expect(outputsAt(page, 1)).toHaveText([/^21 \d+\n$/]);
    await expect(stateAt(page, 1)).toHaveText(/done/);
    await run(page, 2);
    await expect(outputsAt(page, 2)).toHaveText(['22\n']);
    expect(asked).toEqual([]);
    await expect(
      page.getByText('Server-side execution is not used').first()
    ).toBeVisible();
  } finally {
    await own.stop('SIGTERM', GRACE);
  }
});
