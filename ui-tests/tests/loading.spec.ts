import { openNotebook, outputsAt, promptAt } from '../support/notebook';
import { expect, expectAccessible, look, test } from '../support/test';

// 60 MB of objects that take long to make again, as long as a file is there.
const LARGE = `import os
class Part:
    def __init__(self):
        self.text = os.urandom(100_000).hex()
    def __setstate__(self, state):
        import os, time
        if os.path.exists("slow"):
            time.sleep(0.2)
        self.__dict__ = state
large = [Part() for _ in range(300)]
small = 7`;

test('a kernel cell loads a large value with progress, and can be stopped', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/loading.ipynb`, [
    { source: LARGE, target: 'local' },
    { source: 'print(len(large), small)' },
    { source: '"next"' }
  ]);
  await page.notebook.selectCells(0);
  await page.keyboard.press('Shift+Enter');
  await expect(promptAt(page, 0)).toHaveText('[1]:');
  await page.contents.uploadContent('', 'text', `${tmpPath}/slow`);
  const notification = page.locator('.Toastify__toast').filter({
    hasText: /Loading .*large.* MiB\) into the kernel… \d+ %/
  });

  await page.keyboard.press('Shift+Enter');
  await page.keyboard.press('Shift+Enter');
  await notification.waitFor();
  await look(page, 'loading');
  await notification.getByRole('button', { name: 'Cancel' }).click();
  await expect(promptAt(page, 1)).toHaveText('[ ]:');
  await expect(promptAt(page, 2)).toHaveText('[ ]:');
  await expect(notification).toBeHidden();
  await expect(outputsAt(page, 1)).toHaveCount(0);

  await page.notebook.selectCells(1);
  await page.keyboard.press('Control+Enter');
  await notification.waitFor();
  await expectAccessible(page, '.Toastify__toast');
  await page.menu.clickMenuItem('Kernel>Interrupt Kernel');
  await expect(promptAt(page, 1)).toHaveText('[ ]:');
  await expect(notification).toBeHidden();
  await page.contents.deleteFile(`${tmpPath}/slow`);
  await page.notebook.selectCells(1);
  await page.keyboard.press('Shift+Enter');
  await expect(outputsAt(page, 1)).toHaveText('300 7\n');
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 2)).toHaveText("'next'");
  await expect(notification).toBeHidden();
});
