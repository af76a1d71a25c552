import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import {
  cellAt,
  comeBack,
  type ICell,
  openByPath,
  openNotebook,
  outputsAt,
  scrollTo
} from '../support/notebook';
import { expect, expectAccessible, laidOut, look, test } from '../support/test';

/**
 * The outputs of a cell that may be out of sight, brought into it.
 */
async function shown(
  page: IJupyterLabPageFixture,
  index: number
): Promise<Locator> {
  await page.evaluate(index => {
    const { content } = window.jupyterapp.shell.currentWidget as never as {
      content: { activeCellIndex: number };
    };
    content.activeCellIndex = index;
  }, index);
  await scrollTo(page, index, 'start');
  await expect(cellAt(page, index)).toBeVisible();
  return outputsAt(page, index);
}

function elsewhere(...sources: string[]): ICell[] {
  return sources.map(source => ({ source, target: 'local' }));
}

async function runAll(page: IJupyterLabPageFixture): Promise<void> {
  await page.menu.clickMenuItem('Run>Run All Cells');
}

test('text of every kind', laidOut, async ({ page, tmpPath }) => {
  await openNotebook(
    page,
    `${tmpPath}/text.ipynb`,
    elsewhere(
      'from IPython.display import *\n_ = display(HTML("<b>first</b>"), display_id="shown")',
      'update_display(HTML("<b>second</b>"), display_id="shown")\n' +
        'for n in range(3):\n    clear_output(wait=True)\n    print("round", n)',
      'from tqdm import tqdm\nfor _ in tqdm(range(5), desc="bar", ascii=True):\n    pass',
      'import sys\nprint("\\x1b[1;31mred\\x1b[0m and plain", flush=True)\nprint("warned", file=sys.stderr, flush=True)\nprint("after")',
      'from rich.console import Console\nfrom rich.table import Table\n' +
        'table = Table("name", "size")\ntable.add_row("[green]x[/green]", "3")\nConsole().print(table)',
      'from rich.progress import track\nfor _ in track(range(3), description="Working"):\n    pass',
      'def fail():\n    return 1 / 0\n\nfail()'
    )
  );
  await runAll(page);
  const error = await shown(page, 6);
  await expect(error).toContainText('ZeroDivisionError: division by zero');
  await expect(error.locator('[class*="ansi-red"]').first()).toBeVisible();
  await expect(error).toHaveCount(1);
  await look(page, 'text-end');

  const updated = await shown(page, 0);
  await expect(updated).toHaveCount(1);
  await expect(updated).toHaveText('second');
  await expect(await shown(page, 1)).toHaveText('round 2\n');
  const bar = await shown(page, 2);
  await expect(bar).toHaveCount(1);
  await expect(bar).toContainText(/^\s*bar: 100%.*5\/5/);
  await expect(bar).not.toContainText('0/5');
  await expect(bar).toHaveAttribute(
    'data-mime-type',
    'application/vnd.jupyter.stderr'
  );
  const streams = await shown(page, 3);
  await expect(streams).toHaveText(['red and plain\n', 'warned\n', 'after\n']);
  await expect(streams.first().locator('.ansi-red-intense-fg')).toHaveText(
    'red'
  );
  await expect(streams.nth(1)).toHaveAttribute(
    'data-mime-type',
    'application/vnd.jupyter.stderr'
  );
  const table = await shown(page, 4);
  await expect(table).toContainText('│ x    │ 3    │');
  await expect(table.locator('.ansi-green-fg')).toHaveText('x');
  await expect(await shown(page, 5)).toContainText(/Working.*100%/);
  await expectAccessible(page, '.jp-DossierStrip');
  await shown(page, 0);
  await look(page, 'text');
});

test('displays of every kind', laidOut, async ({ page, tmpPath }) => {
  const chart = JSON.stringify({
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    data: { values: [{ a: 'A', b: 28 }] },
    mark: 'bar',
    encoding: { x: { field: 'a' }, y: { field: 'b', type: 'quantitative' } }
  });
  await openNotebook(
    page,
    `${tmpPath}/displays.ipynb`,
    elsewhere(
      'from IPython.display import *\nimport pandas as pd\npd.DataFrame({"column": [1.5]})',
      'display(Latex("$x^2$"), Math(r"\\sqrt{2}"), Markdown("**bold** and $y$"))',
      'import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()',
      "SVG(\"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><circle cx='20' cy='20' r='15'/></svg>\")",
      'JSON({"key": {"inner": 1}}, expanded=True)',
      `display({"application/vnd.vegalite.v5+json": ${chart}, "text/plain": "chart"}, raw=True)`,
      'import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[2, 1, 3])).show(renderer="plotly_mimetype")'
    )
  );
  await runAll(page);
  const plot = await shown(page, 6);
  await expect(plot.locator('.main-svg').first()).toBeVisible({
    timeout: 60_000
  });
  await look(page, 'plotly');
  const vega = await shown(page, 5);
  await expect(
    vega.locator('.vega-embed canvas, .vega-embed svg').first()
  ).toBeVisible();
  const json = await shown(page, 4);
  await expect(json.getByRole('list').first()).toContainText('inner');
  await look(page, 'vega');
  const svg = await shown(page, 3);
  await expect(svg.locator('img, svg').first()).toBeVisible();
  const image = await shown(page, 2);
  await expect(image.last().locator('img')).toHaveAttribute(
    'src',
    /^data:image\/png/
  );
  await look(page, 'pictures');
  const formulas = await shown(page, 1);
  await expect(formulas).toHaveCount(3);
  for (const index of [0, 1, 2]) {
    await expect(formulas.nth(index).locator('mjx-container')).toBeVisible();
  }
  await expect(formulas.nth(2).locator('strong')).toHaveText('bold');
  const frame = await shown(page, 0);
  await expect(frame.locator('table.dataframe td')).toHaveText('1.5');
  await look(page, 'displays');
});

test('scripts in outputs are trusted as those of the kernel', async ({
  page,
  tmpPath
}) => {
  const script = (name: string) =>
    `from IPython.display import HTML\nHTML("<i>${name}</i><script>document.body.dataset.${name} = 'ran'</script>")`;
  const path = `${tmpPath}/trust.ipynb`;
  await openNotebook(page, path, [
    { source: script('remote'), target: 'local' },
    { source: script('kernel') }
  ]);
  const expectSame = async (name: string, what: string | undefined) => {
    const panel = page.getByRole('tabpanel', { name });
    await expect(outputsAt(panel, 0)).toHaveText('remote');
    await expect(outputsAt(panel, 1)).toHaveText('kernel');
    const body = page.locator('body');
    for (const name of ['remote', 'kernel']) {
      await (what === undefined
        ? expect(body).not.toHaveAttribute(`data-${name}`)
        : expect(body).toHaveAttribute(`data-${name}`, what));
    }
  };
  await runAll(page);
  await expectSame('trust.ipynb', 'ran');
  await page.notebook.save();
  await comeBack(page, path);
  await expectSame('trust.ipynb', 'ran');

  // A copy that somebody else has signed is not trusted, whoever ran its cells.
  const content = await page.evaluate(() =>
    (
      window.jupyterapp.shell.currentWidget as never as {
        content: { model: { toJSON(): object } };
      }
    ).content.model.toJSON()
  );
  const foreign = JSON.parse(JSON.stringify(content));
  foreign.metadata.dossier.id = 'foreign';
  foreign.cells.push({ cell_type: 'raw', id: 'x', metadata: {}, source: '' });
  await page.contents.uploadContent(
    JSON.stringify(foreign),
    'text',
    `${tmpPath}/foreign.ipynb`
  );
  await page.evaluate(() => {
    delete document.body.dataset.remote;
    delete document.body.dataset.kernel;
  });
  await openByPath(page, `${tmpPath}/foreign.ipynb`);
  await page.getByText('Python 3 (ipykernel) | Idle').waitFor();
  await expectSame('foreign.ipynb', undefined);
});
