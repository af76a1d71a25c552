import { expect, test } from '@playwright/test';
import * as fs from 'fs';
import * as path from 'path';

import { cellAt, outputsAt, promptAt, stateAt } from '../support/notebook';
import { OwnServer, ownPort } from '../support/server';

const WAITS = `import pathlib, time
print("before", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.05)
print("after")
x = 1`;

test('a killed server comes back: outputs stand once, what is gone is said', async ({
  page
}) => {
  const server = new OwnServer({ port: ownPort(100) });
  try {
    server.write('n.ipynb', [WAITS, 'print("early")'], ['local', 'local']);
    await server.start();
    await server.open(page, 'n.ipynb');
    await cellAt(page, 1).click();
    await page.keyboard.press('Control+Enter');
    await expect(outputsAt(page, 1)).toHaveText('early\n');
    await cellAt(page, 0).click();
    await page.keyboard.press('Control+Enter');
    await expect(outputsAt(page, 0)).toHaveText('before\n');

    await server.stop();
    await server.start();
    fs.writeFileSync(path.join(server.root, 'go'), '');
    await expect(outputsAt(page, 0)).toHaveText(['before\nafter\n']);
    await expect(stateAt(page, 0)).toContainText('done');
    await expect(stateAt(page, 0)).toContainText(
      'the kernel and its names are gone'
    );
    await expect(promptAt(page, 0)).not.toHaveText('[*]:');
    await page.screenshot({ path: 'test-results/looks/server-killed.png' });

    // A page that is opened only now sees the same.
    await server.open(page, 'n.ipynb');
    await expect(outputsAt(page, 0)).toHaveText(['before\nafter\n']);
    await expect(outputsAt(page, 1)).toHaveText(['early\n']);
    await expect(stateAt(page, 0)).toContainText('names are gone');
  } finally {
    await server.stop('SIGTERM');
  }
});

test('a workflow run goes on when the server is killed and started', async ({
  page
}) => {
  const server = new OwnServer({ port: ownPort(100) });
  try {
    server.write('w.ipynb', [WAITS, 'print("x is", x)'], ['local', 'local']);
    await server.start();
    await server.open(page, 'w.ipynb');
    await page.getByRole('button', { name: /^Run as workflow/ }).click();
    await expect(outputsAt(page, 0)).toHaveText('before\n');
    await server.stop();
    await server.start();
    fs.writeFileSync(path.join(server.root, 'go'), '');
    await expect(outputsAt(page, 1)).toHaveText(['x is 1\n']);
    await expect(outputsAt(page, 0)).toHaveText(['before\nafter\n']);
    await expect(stateAt(page, 1)).toContainText('done');
  } finally {
    await server.stop('SIGTERM');
  }
});
