import {
  cellAt,
  openNotebook,
  outputsAt,
  promptAt,
  stateAt
} from '../support/notebook';
import { expect, expectAccessible, look, test } from '../support/test';

const DEAF = `import hashlib
print("began", flush=True)
hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)`;

test('a cell that no interrupt reaches can be killed', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/kill.ipynb`, [
    {
      source: 'import threading\nlock = threading.Lock()\nkept = 7',
      target: 'local'
    },
    { source: DEAF, target: 'local' },
    { source: 'kept * 6', target: 'local' },
    { source: 'lock', target: 'local' }
  ]);
  await page.notebook.selectCells(0);
  await page.keyboard.press('Shift+Enter');
  await expect(promptAt(page, 0)).toHaveText('[1]:');
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 1)).toHaveText('began\n');
  const toolbar = page.locator('.jp-NotebookPanel-toolbar');
  const indicator = toolbar.getByRole('status', {
    name: 'Cells that run elsewhere'
  });
  await expect(indicator).toHaveText('Code cell 2 runs on local');
  await expect(promptAt(page, 1)).toHaveText('[*]:');

  await page.menu.clickMenuItem('Kernel>Interrupt Kernel');
  const pressed = Date.now();
  const onStrip = cellAt(page, 1).getByRole('button', { name: 'Kill' });
  await expect(onStrip).toBeVisible();
  const offered = Date.now() - pressed;
  console.log(`Kill was offered after ${offered} ms (goal: 2000)`);
  const notification = page.locator('.Toastify__toast').filter({
    hasText: 'Code cell 2 does not react to the interrupt'
  });
  await expect(
    notification.getByRole('button', { name: 'Kill' })
  ).toBeVisible();
  await look(page, 'kill-offered');
  await expectAccessible(page, '.jp-DossierStrip', '.jp-DossierIndicator');

  await onStrip.focus();
  await page.keyboard.press('Enter');
  await expect(outputsAt(page, 1).last()).toContainText('killed');
  await expect(outputsAt(page, 1).last()).toContainText(
    '`lock` (_thread.lock) lived only there and is gone'
  );
  await expect(stateAt(page, 1)).toContainText('failed');
  await expect(promptAt(page, 1)).toHaveText('[2]:');
  await expect(onStrip).toBeHidden();
  await expect(notification).toBeHidden();
  await expect(indicator).toBeEmpty();
  await look(page, 'killed');

  await page.notebook.selectCells(2);
  await page.keyboard.press('Shift+Enter');
  await expect(outputsAt(page, 2)).toHaveText('42');
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 3).last()).toContainText('NameError');
});

test('top-level await is interrupted, and the next cell runs', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/await.ipynb`, [
    {
      source:
        'import asyncio\nprint("began", flush=True)\nawait asyncio.sleep(60)',
      target: 'local'
    },
    { source: '"on"', target: 'local' }
  ]);
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 0)).toHaveText('began\n');
  await page.keyboard.press('i');
  await page.keyboard.press('i');
  const pressed = Date.now();
  await outputsAt(page, 0).getByText('KeyboardInterrupt').first().waitFor();
  const took = Date.now() - pressed;
  console.log(`await was interrupted after ${took} ms (goal: 1000)`);
  // A kernel hears of it when the sleep is over.
  expect(took).toBeLessThan(30_000);
  await page.notebook.selectCells(1);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 1)).toHaveText("'on'");
});
