import { expect, type Page, test as base } from '@playwright/test';
import * as path from 'path';

const test = base.extend<{ at: string }>({
  at: ['lab/tree', { option: true }]
});

// High enough for all cells: the notebook does not scroll.
test.use({ viewport: { width: 1200, height: 1800 } });

const CELLS = [
  `import sys
for step in range(3):
    print("step", step, flush=True)
value = 40`,
  `import matplotlib.pyplot as plt
plt.plot([1, 3, 2]);`,
  'value + 2',
  '1 / 0',
  `import time
print("waiting", flush=True)
while True:
    time.sleep(0.05)`
];

const NOTEBOOK = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {
    kernelspec: {
      name: 'python3',
      display_name: 'Python 3',
      language: 'python'
    },
    language_info: { name: 'python' }
  },
  cells: CELLS.map((source, index) => ({
    cell_type: 'code',
    id: `cell-${index}`,
    metadata: {},
    source,
    outputs: [],
    execution_count: null
  }))
};

test('cells run elsewhere, one by one and as a workflow', async ({
  at,
  page,
  request
}, info) => {
  await request.put('api/contents/smoke.ipynb', {
    data: { type: 'notebook', format: 'json', content: NOTEBOOK }
  });
  await page.goto(`${at}/smoke.ipynb`);
  await expect(cell(page, 4)).toBeVisible();

  // One by one: stream, picture, a value in the kernel, an error.
  for (const index of [0, 1, 3, 4]) {
    await click(page, index);
    await page.evaluate(() =>
      window.jupyterapp.commands.execute('dossier:set-target', {
        target: 'local'
      })
    );
    await expect(cell(page, index).getByRole('status')).toBeAttached();
  }
  for (const index of [0, 1, 2]) {
    await run(page, index);
  }
  await expect(outputs(page, 0)).toHaveText('step 0\nstep 1\nstep 2\n');
  await expect(outputs(page, 1).locator('img')).toBeVisible();
  await expect(outputs(page, 2)).toContainText('42');
  await expect(prompt(page, 2)).toHaveText('[3]:');
  await run(page, 3);
  await expect(outputs(page, 3)).toContainText('ZeroDivisionError');

  // Interrupted by the button that interrupts the kernel.
  await run(page, 4);
  await expect(outputs(page, 4)).toHaveText('waiting\n');
  await page.getByRole('button', { name: 'Interrupt the kernel' }).click();
  await expect(outputs(page, 4).last()).toContainText('KeyboardInterrupt');

  await page.getByRole('button', { name: 'Run as workflow' }).click();
  await expect(
    page.getByText(/ended at code cell 4, which failed/)
  ).toBeVisible();
  await expect(outputs(page, 2)).toContainText('42');
  await expect(cell(page, 4).getByRole('status')).toHaveText(/skipped/);
  await expect(outputs(page, 4)).toHaveCount(0);
  const { name } = info.project;
  await page.screenshot({
    path: `test-results/looks/versions/${name}.png`
  });
  // `make screenshots` makes the guide's picture too.
  if (name === 'notebook7' && process.env.DOSSIER_SCREENSHOTS) {
    await page.screenshot({
      path: path.resolve(__dirname, '../../docs/images/using-notebook7.png'),
      clip: { x: 0, y: 0, width: 1200, height: 1220 }
    });
  }

  await click(page, 0);
  const views = await page.evaluate(async () => {
    const { commands } = window.jupyterapp;
    const graph = await commands.execute('dossier:show-graph');
    const run = await commands.execute('dossier:open-run', { run: 'any' });
    return [!!graph, !!run];
  });
  const refusal = page.getByText(/This window has room for one document/);
  if (name === 'notebook7') {
    expect(views).toEqual([false, false]);
    await expect(refusal.first()).toBeVisible();
    const lab = page.waitForEvent('popup');
    await page.getByRole('button', { name: 'Open JupyterLab' }).first().click();
    await (await lab).waitForURL(/\/lab\b/);
    await expect(page.locator('.jp-DossierGraph')).toHaveCount(0);
  } else {
    expect(views).toEqual([true, true]);
    await expect(refusal).toHaveCount(0);
  }
});

function cell(page: Page, index: number) {
  return page.locator(
    `.jp-Notebook .jp-Cell[data-windowed-list-index="${index}"]`
  );
}

function outputs(page: Page, index: number) {
  return cell(page, index).locator('.jp-OutputArea-output');
}

function prompt(page: Page, index: number) {
  return cell(page, index).locator('.jp-InputArea-prompt');
}

async function click(page: Page, index: number) {
  await prompt(page, index).click();
}

async function run(page: Page, index: number) {
  await click(page, index);
  await page.keyboard.press('Control+Enter');
}
