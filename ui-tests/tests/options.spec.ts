import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { cellAt, openNotebook, outputsAt, targetAt } from '../support/notebook';
import { expect, expectAccessible, look, test } from '../support/test';

/**
 * The options of the first cell, in their dialog.
 */
async function openOptions(
  page: IJupyterLabPageFixture,
  item = 'Options…'
): Promise<Locator> {
  await page.notebook.selectCells(0);
  await targetAt(page, 0).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Image')).toBeVisible();
  return dialog;
}

/**
 * What stands in the metadata of the notebook and of its first cell.
 */
async function written(
  page: IJupyterLabPageFixture
): Promise<{ notebook: unknown; cell: unknown }> {
  return page.evaluate(() => {
    const panel = window.jupyterapp.shell.currentWidget as unknown as {
      content: { model: any };
    };
    const { model } = panel.content;
    const read = (holder: any) => holder.getMetadata('dossier')?.options;
    return {
      notebook: read(model) as unknown,
      cell: read(model.cells.get(0)) as unknown
    };
  });
}

test('options are written as the schema has them, and a wrong one is named', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/pod.ipynb`, [
    { source: '1', target: 'nowhere' }
  ]);
  const dialog = await openOptions(page);
  const image = dialog.getByLabel('Image');
  await expect(image).toHaveAttribute(
    'placeholder',
    'registry.example.org/team/science:1'
  );
  await expect(image).toBeFocused();
  // What is rarely asked for is folded.
  const environment = dialog.getByRole('group', {
    name: 'Environment',
    exact: true
  });
  await expect(environment).toBeHidden();
  await look(page, 'options-pod');
  await expectAccessible(page, '.jp-Dialog-content');

  await dialog.getByLabel('CPU').fill('two');
  const alert = dialog.getByRole('alert');
  await expect(alert).toHaveText(
    'must be a number of cores, like "2" or "500m"'
  );
  await expect(dialog.getByLabel('CPU')).toHaveAccessibleDescription(
    /must be a number of cores/
  );
  await dialog.getByLabel('GPUs').fill('one');
  await expect(alert).toHaveText([/cores/, 'must be a whole number']);
  // Nothing is written, and nothing that was typed is lost.
  await dialog.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(dialog.getByLabel('CPU')).toBeFocused();
  await dialog.getByLabel('CPU').fill('2');
  await dialog.getByLabel('GPUs').fill('1');
  await expect(alert).toHaveCount(0);
  // As the target has it: that is no option of the cell.
  await dialog.getByLabel('Memory').fill('2Gi');

  await dialog.getByText('Where it runs').click();
  await dialog.getByRole('button', { name: 'Add: Node selector' }).click();
  const selector = dialog.getByRole('group', { name: 'Node selector 1' });
  await selector.getByLabel('Value').fill('a b');
  await expect(alert).toHaveText('The name is missing.');
  await selector.getByLabel('Name').fill('example.com/disk');
  await expect(alert).toHaveText(
    'example.com/disk: must be at most 63 letters, digits, "-", "_" and "."'
  );
  await selector.getByLabel('Value').fill('fast');
  await dialog.getByRole('button', { name: 'Add: Node selector' }).click();
  const second = dialog.getByRole('group', { name: 'Node selector 2' });
  await second.getByLabel('Name').fill('example.com/disk');
  await expect(alert).toHaveText('This name is there already.');
  await second.getByLabel('Name').fill('a b');
  await expect(alert).toHaveText(
    'a b: the name must be a name like "example.com/name"'
  );
  await second.getByRole('button', { name: 'Remove' }).click();
  await expect(second).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Add: Extended resources' }).click();
  const resource = dialog.getByRole('group', { name: 'Extended resources 1' });
  await resource.getByLabel('Name').fill('example.com/fpga');
  await resource.getByLabel('Number').fill('2');
  await dialog.getByRole('button', { name: 'Add: Tolerations' }).click();
  const toleration = dialog.getByRole('group', { name: 'Tolerations 1' });
  await toleration.getByLabel('Key').fill('busy');
  await toleration.getByLabel('Operator').selectOption('Exists');

  await dialog.getByText('Environment, secrets and volumes').click();
  await expect(environment).toContainText('STAGE=test (from the target)');
  await environment
    .getByRole('button', { name: 'Change: Environment' })
    .click();
  await expect(environment.getByLabel('Value')).toHaveValue('test');
  await environment.getByLabel('Value').fill('');
  await dialog.getByRole('button', { name: 'Add: Secrets' }).click();
  await expect(alert).toHaveText(Array<string>(3).fill('is needed'));
  const secret = dialog.getByRole('group', { name: /^Secrets .* 1$/ });
  await secret.getByLabel(/^Variable/).fill('TOKEN');
  await secret.getByLabel(/^Secret \(needed/).fill('mine');
  await secret.getByLabel('Key in the Secret').fill('token');
  await dialog.getByRole('button', { name: 'Add: Volumes' }).click();
  const volume = dialog.getByRole('group', { name: 'Volumes 1' });
  await volume.getByLabel('PersistentVolumeClaim').fill('data');
  await volume.getByLabel('Path in the pod').fill('/data');
  await volume.getByLabel('Read only').check();
  await expect(alert).toHaveCount(0);
  await look(page, 'options-pod-filled');
  await expectAccessible(page, '.jp-Dialog-content');
  await dialog.getByRole('button', { name: 'Set', exact: true }).click();

  await expect(dialog).toHaveCount(0);
  await expect
    .poll(async () => (await written(page)).cell)
    .toEqual({
      cpu: '2',
      gpu: 1,
      node_selector: { 'example.com/disk': 'fast' },
      resources: { 'example.com/fpga': 2 },
      tolerations: [{ key: 'busy', operator: 'Exists' }],
      env: { STAGE: '' },
      secrets: [{ variable: 'TOKEN', secret: 'mine', key: 'token' }],
      volumes: [{ claim: 'data', path: '/data', read_only: true }]
    });
  const shown = cellAt(page, 0).getByTitle('Options of the target');
  await expect(shown).toContainText('node_selector: example.com/disk=fast');

  // What is set is not folded, and can be taken back.
  await openOptions(page);
  await expect(environment).toContainText('Instead of STAGE=test');
  await environment.getByRole('button', { name: 'Reset: Environment' }).click();
  await secret.getByRole('button', { name: 'Remove' }).click();
  await dialog.getByRole('button', { name: 'Set', exact: true }).click();
  const kept = async () => Object.keys((await written(page)).cell as object);
  await expect
    .poll(kept)
    .toEqual([
      'cpu',
      'gpu',
      'node_selector',
      'resources',
      'tolerations',
      'volumes'
    ]);
});

test('the form is used by keys alone, and in a small window', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/keys.ipynb`, [
    { source: '1', target: 'nowhere' }
  ]);
  for (const [width, height, cpu] of [
    [900, 700, '2'],
    // What a zoom of 200 % leaves of a usual window.
    [640, 400, '3']
  ] as const) {
    await page.setViewportSize({ width, height });
    const dialog = await openOptions(page);
    const focused = dialog.locator(':focus');
    const tabTo = async (target: Locator) => {
      do {
        await page.keyboard.press('Tab');
      } while (!(await target.and(focused).count()));
      // What has the focus is seen whole.
      const [inner, outer] = [
        (await focused.boundingBox())!,
        (await dialog.locator('.jp-Dialog-body').boundingBox())!
      ];
      expect(inner.y).toBeGreaterThanOrEqual(outer.y - 1);
      expect(inner.y + inner.height).toBeLessThanOrEqual(
        Math.min(outer.y + outer.height, height) + 1
      );
      expect(inner.x + inner.width).toBeLessThanOrEqual(width);
    };
    await tabTo(dialog.getByLabel('CPU'));
    await page.keyboard.type(cpu);
    const group = dialog.locator('summary', { hasText: 'Where it runs' });
    if (
      await group.locator('..').evaluate(node => !('open' in node && node.open))
    ) {
      await tabTo(group);
      await page.keyboard.press('Enter');
    }
    await tabTo(dialog.getByRole('button', { name: 'Add: Tolerations' }));
    await page.keyboard.press('Enter');
    await expect(focused).toHaveAccessibleName('Key');
    await page.keyboard.type('busy');
    await look(page, `options-pod-${width}`);
    await expectAccessible(page, '.jp-Dialog-content');
    await tabTo(dialog.getByRole('button', { name: /^Remove: Tolerations/ }));
    await page.keyboard.press('Space');
    await expect(focused).toHaveAccessibleName('Add: Tolerations');
    await page.keyboard.press('Shift+Tab');
    await dialog.getByLabel('CPU').focus();
    await page.keyboard.press('Enter');
    await expect(dialog).toHaveCount(0);
    await expect.poll(async () => (await written(page)).cell).toEqual({ cpu });
  }
});

test('the notebook gives options to a target, which its cells inherit', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/all.ipynb`, [
    { source: 'len(bytearray(300 << 20))', target: 'local' },
    { source: 'len(bytearray(300 << 20))', target: 'local' }
  ]);
  const memory = page.getByRole('dialog').getByLabel('Memory limit in MiB');
  const set = page.getByRole('button', { name: 'Set', exact: true });
  const open = async (item: string) => {
    await page.notebook.selectCells(0);
    await targetAt(page, 0).click();
    await page.getByRole('menuitem', { name: item, exact: true }).click();
  };
  await open('Options of local for the notebook…');
  await memory.fill('100');
  await set.click();
  await expect
    .poll(() => written(page))
    .toEqual({ notebook: { local: { memory: 100 } }, cell: undefined });
  await open('Options…');
  await expect(page.getByRole('dialog')).toContainText(
    '100 (from the notebook)'
  );
  await memory.fill('1000');
  await set.click();
  await page.notebook.selectCells(0, 1);
  await page.keyboard.press('Control+Enter');
  await expect(outputsAt(page, 0)).toHaveText(String(300 << 20));
  await expect(outputsAt(page, 1)).toContainText('MemoryError');

  // From the palette, and taken away again.
  await page.evaluate(() => {
    void window.jupyterapp.commands.execute('dossier:set-notebook-options');
  });
  await expect(memory).toHaveValue('100');
  await memory.fill('');
  await set.click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect.poll(async () => (await written(page)).notebook).toBeUndefined();
});
