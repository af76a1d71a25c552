import { openNotebook, outputsAt, promptAt } from '../support/notebook';
import { expect, test } from '../support/test';

test('interrupt and input reach a cell that runs elsewhere', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/interactive.ipynb`, [
    {
      source: 'name = input("Your name? ")\nprint("Hello", name)',
      target: 'local'
    },
    {
      source:
        'import time\nprint("waiting", flush=True)\nwhile True:\n    time.sleep(0.05)',
      target: 'local'
    }
  ]);
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your name?').fill('Ada');
  await dialog.getByRole('button', { name: 'Ok' }).click();
  await expect(outputsAt(page, 0).last()).toContainText('Hello Ada');

  await page.notebook.selectCells(1);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 1)).toHaveText('waiting\n');
  await page.menu.clickMenuItem('Kernel>Interrupt Kernel');
  await expect(outputsAt(page, 1).last()).toContainText('KeyboardInterrupt');
  await expect(promptAt(page, 1)).toHaveText('[2]:');
});

/**
 * What a cell is busy with when it is interrupted.
 */
const BUSY: Record<string, string> = {
  'a sleep': 'import time\nready()\ntime.sleep(60)',
  'a loop': 'ready()\nwhile True: pass',
  'a thread that is joined': `import threading
thread = threading.Thread(target=threading.Event().wait, daemon=True)
thread.start()
ready()
thread.join()`,
  'processes of joblib': `import time, joblib
with joblib.Parallel(2) as parallel:
    parallel(joblib.delayed(abs)(i) for i in range(2))
    ready()
    parallel(joblib.delayed(time.sleep)(60) for _ in range(2))`,
  'a program': 'import subprocess\nready()\nsubprocess.run(["sleep", "60"])'
};

test('an interrupt reaches what a cell is busy with, as in the kernel', async ({
  page,
  tmpPath
}) => {
  const ready = 'def ready(): print("ready", flush=True)\n';
  await openNotebook(page, `${tmpPath}/busy.ipynb`, [
    ...Object.values(BUSY).map(source => ({
      source: ready + source,
      target: 'local'
    })),
    { source: '"alive"', target: 'local' }
  ]);
  for (const [index, what] of Object.keys(BUSY).entries()) {
    await page.notebook.selectCells(index);
    await page.keyboard.press('Control+Enter');
    await expect(outputsAt(page, index)).toHaveText('ready\n');
    await page.keyboard.press('i');
    await page.keyboard.press('i');
    await expect(outputsAt(page, index).last(), what).toContainText(
      'KeyboardInterrupt'
    );
    await expect(promptAt(page, index)).toHaveText(`[${index + 1}]:`);
  }
  const last = Object.keys(BUSY).length;
  await page.notebook.selectCells(last);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, last)).toHaveText("'alive'");
});
