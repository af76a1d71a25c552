import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { chromium } from '@playwright/test';

import {
  cellAt,
  closeNotebook,
  comeBack,
  notebookOf,
  openByPath,
  openNotebook,
  outputsAt,
  promptAt,
  restartKernel,
  stateAt
} from '../support/notebook';
import { expect, expectAccessible, laidOut, look, test } from '../support/test';

/**
 * Prints, waits for a file, prints again.
 */
const waits = (file: string) =>
  `import pathlib, time
print("before", flush=True)
while not pathlib.Path("${file}").exists():
    time.sleep(0.05)
print("after")`;

async function run(page: IJupyterLabPageFixture, index: number): Promise<void> {
  // A cell that the notebook's toolbar covers in part cannot be clicked.
  await cellAt(page, index).evaluate(node =>
    node.scrollIntoView({ block: 'center' })
  );
  await page.notebook.selectCells(index);
  await page.keyboard.press('Control+Enter');
}

test(
  'outputs stand once after a reload, in mid-run and at the end',
  laidOut,
  async ({ page, tmpPath }) => {
    const path = `${tmpPath}/reload.ipynb`;
    await openNotebook(page, path, [
      { source: 'print("done before")', target: 'local' },
      { source: waits('go'), target: 'local' },
      { source: 'print("edited")', target: 'local' }
    ]);
    await run(page, 0);
    await expect(outputsAt(page, 0)).toHaveText('done before\n');
    await run(page, 2);
    await expect(outputsAt(page, 2)).toHaveText('edited\n');
    await run(page, 1);
    await expect(outputsAt(page, 1)).toHaveText('before\n');

    await comeBack(page, path);
    await expect(outputsAt(page, 0)).toHaveText(['done before\n']);
    await expect(promptAt(page, 0)).toHaveText('[1]:');
    await expect(stateAt(page, 0)).toHaveText(/done/);
    await expect(outputsAt(page, 1)).toHaveText(['before\n']);
    await expect(promptAt(page, 1)).toHaveText('[*]:');
    await expect(stateAt(page, 1)).toHaveText(/running/);
    await look(page, 'reload-running');

    // What is run now waits for it.
    await run(page, 0);
    await expect(promptAt(page, 0)).toHaveText('[*]:');
    await page.contents.uploadContent('', 'text', `${tmpPath}/go`);
    await expect(outputsAt(page, 1)).toHaveText(['before\nafter\n']);
    await expect(promptAt(page, 1)).toHaveText('[3]:');
    await expect(stateAt(page, 1)).toHaveText(/done/);
    await expect(promptAt(page, 0)).toHaveText('[4]:');
    await expect(outputsAt(page, 0)).toHaveText(['done before\n']);

    // Saved, they are the document's, and another source is not shown the outputs of the first.
    await page.notebook.setCell(2, 'code', 'print("changed")');
    await page.notebook.save();
    await comeBack(page, path);
    await expect(outputsAt(page, 1)).toHaveText(['before\nafter\n']);
    await expect(stateAt(page, 1)).toHaveText(/done/);
    await expect(
      cellAt(page, 2).getByRole('button', { name: 'edited', exact: true })
    ).toBeVisible();
    await look(page, 'reload-done');
  }
);

test('a run found again is interrupted and cancelled', async ({
  page,
  tmpPath
}) => {
  const path = `${tmpPath}/again.ipynb`;
  await openNotebook(page, path, [{ source: waits('never'), target: 'local' }]);
  await run(page, 0);
  await expect(outputsAt(page, 0)).toHaveText('before\n');
  await comeBack(page, path);
  await expect(promptAt(page, 0)).toHaveText('[*]:');
  await page.menu.clickMenuItem('Kernel>Interrupt Kernel');
  await expect(outputsAt(page, 0).last()).toContainText('KeyboardInterrupt');
  await expect(promptAt(page, 0)).toHaveText('[1]:');

  await run(page, 0);
  await expect(outputsAt(page, 0)).toHaveText('before\n');
  await comeBack(page, path);
  await expect(promptAt(page, 0)).toHaveText('[*]:');
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('dossier:cancel')
  );
  await expect(stateAt(page, 0)).toHaveText(/cancelled/);
  await expect(promptAt(page, 0)).not.toHaveText('[*]:');
});

test('outputs cleared by the user stay cleared', async ({ page, tmpPath }) => {
  const path = `${tmpPath}/cleared.ipynb`;
  await openNotebook(page, path, [
    { source: 'print("all of it")', target: 'local' },
    { source: waits('on'), target: 'local' }
  ]);
  await run(page, 0);
  await expect(outputsAt(page, 0)).toHaveText('all of it\n');
  await run(page, 1);
  await expect(outputsAt(page, 1)).toHaveText('before\n');
  const told = page.waitForResponse(/delivered/);
  await page.menu.clickMenuItem('Edit>Clear Outputs of All Cells');
  await told;
  await expect(outputsAt(page, 1)).toHaveCount(0);

  await comeBack(page, path);
  await expect(promptAt(page, 1)).toHaveText('[*]:');
  await expect(outputsAt(page, 0)).toHaveCount(0);
  await expect(outputsAt(page, 1)).toHaveCount(0);
  await page.contents.uploadContent('', 'text', `${tmpPath}/on`);
  await expect(outputsAt(page, 1)).toHaveText(['after\n']);
  await comeBack(page, path);
  await expect(outputsAt(page, 1)).toHaveText(['after\n']);
  await expect(outputsAt(page, 0)).toHaveCount(0);
  await expect(cellAt(page, 0)).toBeVisible();
});

test('a cell that waits for input asks again; a restart cancels what runs', async ({
  page,
  tmpPath
}) => {
  const path = `${tmpPath}/asks.ipynb`;
  await openNotebook(page, path, [
    { source: 'y = 5', target: 'local' },
    { source: 'print("Hello", input("Your name? "))', target: 'local' },
    { source: waits('never'), target: 'local' },
    { source: 'print(y)' }
  ]);
  await run(page, 0);
  await expect(stateAt(page, 0)).toHaveText(/done/);
  await run(page, 1);
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Your name?')).toBeVisible();
  await comeBack(page, path);
  await dialog.getByLabel('Your name?').fill('Ada');
  await dialog.getByRole('button', { name: 'Ok' }).click();
  await expect(outputsAt(page, 1)).toHaveText([/Hello Ada\n$/]);
  await expect(promptAt(page, 1)).toHaveText('[2]:');

  await run(page, 2);
  await expect(outputsAt(page, 2)).toHaveText('before\n');
  await comeBack(page, path);
  await expect(promptAt(page, 2)).toHaveText('[*]:');
  await expect(dialog).toHaveCount(0);
  await restartKernel(page);
  await expect(stateAt(page, 2)).toHaveText(/cancelled.*restarted/);
  await expect(promptAt(page, 2)).not.toHaveText('[*]:');
  await expect(outputsAt(page, 2)).toHaveText(['before\n']);
  await run(page, 3);
  await expect(outputsAt(page, 3)).toContainText("name 'y' is not defined");
  await expect(
    page.getByText(/`y` was made by code cell 1 before .* restarted/).first()
  ).toBeVisible();
  await expectAccessible(page, '.jp-DossierStrip');
  await look(page, 'restarted');
});

test('another tab, a closed document and another name', async ({
  page,
  baseURL,
  tmpPath
}) => {
  const path = `${tmpPath}/first.ipynb`;
  await openNotebook(page, path, [
    { source: 'print("short")', target: 'local' },
    { source: waits('go'), target: 'local' }
  ]);
  const other = await page.context().newPage();
  await other.goto(`${baseURL}/lab/tree/${path}?reset`);
  await other.getByText('Python 3 (ipykernel) | Idle').waitFor();
  const tabs = [page, other];
  await run(page, 0);
  await run(page, 1);
  for (const tab of tabs) {
    await expect(outputsAt(tab, 0)).toHaveText(['short\n']);
    await expect(stateAt(tab, 0)).toHaveText(/done/);
    await expect(outputsAt(tab, 1)).toHaveText(['before\n']);
    await expect(stateAt(tab, 1)).toHaveText(/running/);
    await expect(promptAt(tab, 1)).toHaveText('[*]:');
  }
  await closeNotebook(page);
  await page.contents.uploadContent('', 'text', `${tmpPath}/go`);
  await expect(outputsAt(other, 1)).toHaveText(['before\nafter\n']);
  await expect(stateAt(other, 1)).toHaveText(/done/);
  await other.close();

  // Nothing was saved: what the document opened anew shows is the ledger's.
  await openByPath(page, path);
  const stands = async () => {
    await expect(outputsAt(page, 0)).toHaveText(['short\n']);
    await expect(outputsAt(page, 1)).toHaveText(['before\nafter\n']);
    await expect(promptAt(page, 1)).toHaveText('[2]:');
    await expect(stateAt(page, 1)).toHaveText(/done/);
  };
  await stands();
  const renamed = `${tmpPath}/second.ipynb`;
  await closeNotebook(page);
  await page.contents.renameFile(path, renamed);
  await openByPath(page, renamed);
  await stands();
});

test('a killed browser loses nothing, and a copy has no part in the runs', async ({
  page,
  baseURL,
  tmpPath
}) => {
  const path = `${tmpPath}/left.ipynb`;
  const content = JSON.stringify(
    notebookOf(path, [
      { source: 'print("short")', target: 'local' },
      { source: waits('go'), target: 'local' }
    ])
  );
  await page.contents.uploadContent(content, 'text', path);
  const { executablePath, args } = test.info().project.use.launchOptions!;
  const browser = await chromium.launchServer({ executablePath, args });
  const doomed = await (await chromium.connect(browser.wsEndpoint())).newPage();
  await doomed.goto(`${baseURL}/lab/tree/${path}?reset`);
  await doomed.getByText('Python 3 (ipykernel) | Idle').waitFor();
  for (const index of [0, 1]) {
    await promptAt(doomed, index).click();
    await doomed.keyboard.press('Control+Enter');
  }
  await expect(outputsAt(doomed, 1)).toHaveText('before\n');
  await browser.kill();

  await openByPath(page, path);
  await expect(outputsAt(page, 0)).toHaveText(['short\n']);
  await expect(outputsAt(page, 1)).toHaveText(['before\n']);
  await expect(promptAt(page, 1)).toHaveText('[*]:');
  await expect(stateAt(page, 1)).toHaveText(/running/);
  await page.contents.uploadContent('', 'text', `${tmpPath}/go`);
  await expect(outputsAt(page, 1)).toHaveText(['before\nafter\n']);
  await expect(promptAt(page, 1)).toHaveText('[2]:');

  // The copy carries the same id until it is opened.
  const copy = `${tmpPath}/copy.ipynb`;
  await page.contents.uploadContent(content, 'text', copy);
  await openByPath(page, copy);
  const panel = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
  await expect(panel.locator('.jp-DossierStrip')).toHaveCount(2);
  await expect(async () => {
    const id = await page.evaluate(
      () =>
        (
          window.jupyterapp.shell.currentWidget as never as {
            context: { model: { getMetadata(key: string): { id: string } } };
          }
        ).context.model.getMetadata('dossier').id
    );
    expect(id).not.toBe(path);
  }).toPass({ timeout: 60_000 });
  await expect(panel.locator('.jp-OutputArea-output')).toHaveCount(0);
  await expect(
    panel.locator('.jp-DossierStrip').getByRole('status')
  ).toHaveText(['', '']);
});
