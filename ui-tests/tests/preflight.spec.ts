import {
  cellAt,
  markAt,
  openNotebook,
  outputsAt,
  stateAt
} from '../support/notebook';
import { expect, expectAccessible, laidOut, look, test } from '../support/test';

test(
  'what would fail is said on its cell and not sent; what may go wrong is a warning',
  laidOut,
  async ({ page, tmpPath }) => {
    await openNotebook(page, `${tmpPath}/preflight.ipynb`, [
      { source: 'rate = 3' },
      { source: 'print(rate * total)', target: 'local' },
      { source: 'total = 14', target: 'local' },
      {
        source: 'if total > 99:\n    print(surplus)\nprint("fine")',
        target: 'local'
      },
      { source: 'print(open("gone.csv").read())', target: 'local' }
    ]);
    await page.notebook.selectCells(1);
    await page.keyboard.press('Control+Enter');
    const words = /`rate` is not defined. Run code cell 1 first: it defines it/;
    await expect(outputsAt(page, 1)).toContainText(words);
    await expect(outputsAt(page, 1)).toContainText('`total` is not defined');
    const mark = cellAt(page, 1).getByRole('button', { name: /Not run/ });
    await expect(mark).toContainText('`rate` is not defined');
    await expect(mark).toHaveAttribute('title', words);
    const stale = markAt(page, 1);
    await expect(stale).toHaveText('not run');
    await expect(stale).toHaveAccessibleDescription(
      'Must run: it was refused when it was to run last'
    );
    await expectAccessible(page, '.jp-DossierStrip');
    await look(page, 'preflight-error');
    // By keyboard alone: all of it in a dialog, and back.
    await mark.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('listitem')).toHaveCount(2);
    await expectAccessible(page, '.jp-Dialog');
    await look(page, 'preflight-cell-dialog');
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);

    for (const index of [0, 2, 1]) {
      await page.notebook.selectCells(index);
      await page.keyboard.press('Control+Enter');
    }
    await expect(outputsAt(page, 1)).toHaveText('42\n');
    await expect(mark).toHaveCount(0);
    await expect(stale).toHaveCount(0);

    await page.notebook.selectCells(3);
    await page.keyboard.press('Control+Enter');
    await expect(outputsAt(page, 3)).toHaveText('fine\n');
    await expect(stateAt(page, 3)).toHaveText('done');
    const warning = cellAt(page, 3).getByRole('button', { name: /1 warning/ });
    await expect(warning).toContainText('`surplus` is not defined');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Control+Enter');
    await expect(
      cellAt(page, 4).getByRole('button', { name: /1 warning/ })
    ).toHaveAttribute('title', /it reads `gone.csv`, which does not exist/);
    await expect(outputsAt(page, 4)).toContainText('FileNotFoundError');
    await look(page, 'preflight-warning');
    await page.setViewportSize({ width: 640, height: 720 });
    await look(page, 'preflight-narrow');
  }
);

test('what a target lacks is said on the cell, with what to do', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/lacks.ipynb`, [
    { source: 'lines = open("lines.txt", "w")', target: 'local' },
    { source: 'lines.write("more")', target: 'older' },
    { source: 'import pandas', target: 'older' },
    { source: '1', target: 'cluster' },
    { source: 'import ipykernel\nprint("ran")', target: 'older' },
    { source: '%pip install ./nowhere', target: 'older' }
  ]);
  const expectMark = async (index: number, kind: string, words: RegExp) => {
    await page.notebook.selectCells(index);
    await page.keyboard.press('Control+Enter');
    const mark = cellAt(page, index).getByRole('button', {
      name: new RegExp(kind)
    });
    await expect(mark).toHaveAttribute('title', words);
  };
  await page.notebook.selectCells(0);
  await page.keyboard.press('Control+Enter');
  await expect(stateAt(page, 0)).toHaveText('done');
  await expectMark(
    1,
    'Not run',
    /`lines` \(.*made by code cell 1.*cannot be moved.*Run code cell 2 on 'local' too/
  );
  await expectMark(
    2,
    'Not run',
    /`pandas` is not installed on 'older'. Install it there \(`.*pip install pandas`\), or choose another target/
  );
  await expectMark(3, 'Not run', /no provider for targets of kind 'hpc'/);
  await look(page, 'preflight-lacks');
  await expectMark(
    4,
    '1 warning',
    /ipykernel is .* here and .* on 'older': results may differ/
  );
  await expect(outputsAt(page, 4)).toHaveText('ran\n');
  await expectMark(
    5,
    '1 warning',
    /`%pip install .*` changes .* on 'older'.*the notebook's kernel is not changed/
  );
  await expectAccessible(page, '.jp-DossierStrip');
  await look(page, 'preflight-lacks-warnings');

  // What had run and is refused now shows that no more.
  await page.notebook.selectCells(0);
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('dossier:set-target', {
      target: 'cluster'
    })
  );
  await expectMark(0, 'Not run', /no provider for targets of kind 'hpc'/);
  await expect(markAt(page, 0)).toHaveText('not done');
  await expect(markAt(page, 0)).toHaveAccessibleDescription(
    'Must run again: it was refused when it was to run last'
  );
});

test('a workflow says what is wrong with it before it runs', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/before.ipynb`, [
    { source: 'total = 14', target: 'local' },
    { source: 'print(open("gone.csv").read())', target: 'local' },
    { source: 'print(surplus)', target: 'local' }
  ]);
  const run = async () => {
    await page.menu.clickMenuItem('Run>Run as Workflow');
    return page.getByRole('dialog');
  };
  const refused = await run();
  await expect(refused).toContainText('This workflow would fail');
  await expect(refused.getByRole('listitem')).toHaveText([
    /Cell 3: `surplus` is not defined: no cell before this one defines it/,
    /Cell 2: it reads `gone.csv`, which does not exist/
  ]);
  await expectAccessible(page, '.jp-Dialog');
  await look(page, 'preflight-workflow-refused');
  await refused.getByRole('button', { name: 'Show cell' }).click();
  await expect(cellAt(page, 2)).toHaveClass(/jp-mod-active/);
  await expect(
    cellAt(page, 2).getByRole('button', { name: /Not run/ })
  ).toBeVisible();

  await page.notebook.setCell(2, 'code', 'print("the end")');
  await expect(
    cellAt(page, 2).getByRole('button', { name: /Not run/ })
  ).toHaveCount(0);
  const asked = await run();
  await expect(asked).toContainText('Run this workflow?');
  await look(page, 'preflight-workflow-asked');
  await asked.getByRole('button', { name: 'Do Not Run' }).click();
  await expect(stateAt(page, 0)).toHaveText('');
  await (await run()).getByRole('button', { name: 'Run anyway' }).click();
  await expect(outputsAt(page, 1)).toContainText('FileNotFoundError');
});

test('a server half of another version is said once, and kernel cells still run', async ({
  page,
  tmpPath
}) => {
  await page.route('**/dossier/api/**', async route => {
    const response = await route.fetch();
    const headers = { ...response.headers(), 'x-dossier-version': '99.0.0' };
    await route.fulfill({ response, headers });
  });
  await openNotebook(page, `${tmpPath}/other.ipynb`, [
    { source: 'print("in the kernel")' },
    { source: 'print("elsewhere")', target: 'local' }
  ]);
  await page.menu.clickMenuItem('Run>Run All Cells');
  await expect(outputsAt(page, 0)).toHaveText('in the kernel\n');
  await expect(outputsAt(page, 1)).toContainText('do not fit together');
  await expect(
    page.getByRole('alert').filter({ hasText: 'do not fit together' })
  ).toHaveCount(1);
});
