import { execFileSync } from 'child_process';
import type { Page } from '@playwright/test';

import {
  cellAt,
  closeNotebook,
  type ICell,
  openNotebook,
  outputsAt,
  stateAt
} from '../support/notebook';
import { expect, look, test } from '../support/test';

const CELLS: ICell[] = [
  { source: 'import numpy as np\nimport matplotlib.pyplot as plt' },
  {
    source:
      'rng = np.random.default_rng(7)\ndata = rng.normal(size=(50, 3))\nprint(data.shape)'
  },
  {
    source:
      'import sys\nmeans = data.mean(axis=0)\nprint("means", means)\nprint("to stderr", file=sys.stderr)\nmeans.round(3)',
    target: 'pods'
  },
  { source: 'plt.plot(means);', target: 'others' },
  { source: 'doubled = means * 2\ndoubled.sum().round(6)', target: 'local' },
  {
    source: '"all", (doubled / means).round(9).tolist()',
    target: 'kernel'
  },
  { source: 'means[100]', target: 'pods' }
];

test('a notebook with cells in pods looks as it does after Restart & Run All', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/pods.ipynb`, CELLS);
  await page.getByRole('button', { name: 'Run as workflow' }).click();
  await expect(stateAt(page, 6)).toHaveText(/failed/);
  for (const index of [2, 3, 4, 5]) {
    await expect(stateAt(page, index)).toHaveText('done');
  }
  await expect(outputsAt(page, 6)).toContainText('IndexError');
  await look(page, 'pods');
  const ours = await shown(page);
  await closeNotebook(page);

  const plain = CELLS.map(({ source }) => ({ source }));
  await openNotebook(page, `${tmpPath}/plain.ipynb`, plain);
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('notebook:run-all-cells')
  );
  await expect(outputsAt(page, 6)).toContainText('IndexError');
  await expect.poll(() => shown(page)).toEqual(ours);
});

test('the phases of a pod are shown, and an interrupt reaches its cell', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/phases.ipynb`, [
    {
      source:
        'import time\nprint("on", flush=True)\nwhile True: time.sleep(0.05)',
      target: 'waiting'
    }
  ]);
  taint('busy=yes:NoSchedule');
  try {
    await page.notebook.selectCells(0);
    await page.keyboard.press('Control+Enter');
    await expect(stateAt(page, 0)).toHaveText(
      /starting.*unschedulable: .*had untolerated taint/
    );
    await look(page, 'unschedulable');
  } finally {
    taint('busy-');
  }
  await expect(outputsAt(page, 0)).toHaveText('on\n');
  await expect(stateAt(page, 0)).toHaveText(/running/);
  await page.menu.clickMenuItem('Kernel>Interrupt Kernel');
  await expect(outputsAt(page, 0).last()).toContainText('KeyboardInterrupt');
  await expect(stateAt(page, 0)).toHaveText(/failed/);
});

test('why a pod does not start is shown on its cell', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/none.ipynb`, [
    { source: '1', target: 'noimage' },
    { source: '2', target: 'toolarge' }
  ]);
  for (const [index, words] of [
    /image 'localhost:5999\/none:1' cannot be pulled: .*Check the image's name/,
    /option memory asks for 64Gi memory, and the namespace's quota 'small' allows 16Gi in all/
  ].entries()) {
    await page.notebook.selectCells(index);
    await page.keyboard.press('Control+Enter');
    // A registry that does not answer is tried again, by the kubelet's times, before it is given up.
    await expect(cellAt(page, index)).toContainText(words);
    await expect(stateAt(page, index)).toHaveText(/failed/);
  }
  await look(page, 'not-started');
});

function taint(change: string): void {
  execFileSync('kubectl', ['taint', 'node', 'node1', change]);
}

/**
 * What the cells of the open notebook show: text, and pictures.
 */
async function shown(page: Page): Promise<string[][]> {
  const all: string[][] = [];
  for (const index of CELLS.keys()) {
    const outputs = outputsAt(page, index);
    all.push(
      await outputs.evaluateAll(nodes =>
        nodes.map(
          node => node.querySelector('img')?.src ?? (node.textContent || '')
        )
      )
    );
  }
  return all;
}
