import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, type Locator, type Page } from '@playwright/test';

/**
 * A cell of a notebook that a test writes.
 */
export interface ICell {
  source: string;
  target?: string;
  tags?: string[];

  /**
   * `code` if not given.
   */
  type?: 'code' | 'markdown';
}

/**
 * The content of a notebook that is known by its path.
 */
export function notebookOf(path: string, cells: ICell[]): object {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: {
        name: 'python3',
        display_name: 'Python 3',
        language: 'python'
      },
      language_info: { name: 'python' },
      ...(cells.some(({ target }) => target)
        ? { dossier: { version: 1, id: path } }
        : {})
    },
    cells: cells.map(({ source, tags, target, type = 'code' }, index) => ({
      cell_type: type,
      id: `cell-${index}`,
      metadata: {
        ...(target ? { dossier: { version: 1, target } } : {}),
        ...(tags ? { tags } : {})
      },
      source,
      ...(type === 'code' ? { outputs: [], execution_count: null } : {})
    }))
  };
}

/**
 * Open a notebook that is there, and wait for its session; sooner than Galata, which finds its way
 * through the file browser.
 */
export async function openByPath(
  page: IJupyterLabPageFixture,
  path: string
): Promise<void> {
  const id = await page.evaluate(async path => {
    const { commands } = window.jupyterapp;
    const { id } = (await commands.execute('docmanager:open', { path })) as {
      id: string;
    };
    return id;
  }, path);
  // Looked at, and not awaited in the page, where nothing limits it.
  const hasSession = () =>
    page.evaluate(id => {
      const widgets = Array.from(window.jupyterapp.shell.widgets('main'));
      const panel = widgets.find(widget => widget.id === id) as unknown as {
        sessionContext: { isReady: boolean };
      };
      return panel.sessionContext.isReady;
    }, id);
  await expect.poll(hasSession).toBe(true);
  await page.evaluate(id => window.jupyterapp.shell.activateById(id), id);
}

/**
 * Upload a notebook and open it.
 */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  path: string,
  cells: ICell[]
): Promise<void> {
  const content = notebookOf(path, cells);
  await page.contents.uploadContent(JSON.stringify(content), 'text', path);
  await openByPath(page, path);
  await page.getByText('Python 3 (ipykernel) | Idle').waitFor();
}

/**
 * Load the page again with nothing saved since, and open the notebook.
 */
export async function comeBack(
  page: IJupyterLabPageFixture,
  path: string
): Promise<void> {
  // The notebook comes back where the launcher would be waited for.
  await page.reload({ waitForIsReady: false } as object);
  await page.evaluate(() => window.jupyterapp.restored);
  // JupyterLab opens the notebook of the page's address, or a launcher, some time after that.
  await page
    .locator('.jp-FileBrowser.jp-mod-restoring')
    .waitFor({ state: 'detached' });
  await openByPath(page, path);
  await page.getByText('Python 3 (ipykernel) | ').waitFor();
}

/**
 * A code cell by its position, in a page of one notebook or in a notebook's panel.
 */
export function cellAt(within: Page | Locator, index: number): Locator {
  return within.locator(
    `.jp-Notebook .jp-Cell[data-windowed-list-index="${index}"]`
  );
}

/**
 * Bring a cell into view by the notebook's own way: Galata's, by the wheel, loses sight of a cell
 * where the machine is busy.
 */
export async function scrollTo(
  page: IJupyterLabPageFixture,
  index: number,
  align: 'auto' | 'start'
): Promise<void> {
  await page.evaluate(
    async ([index, align]) => {
      const { content } = window.jupyterapp.shell.currentWidget as never as {
        content: { scrollToItem(index: number, align: string): Promise<void> };
      };
      await content.scrollToItem(index, align);
    },
    [index, align] as const
  );
}

/**
 * The outputs of a cell.
 */
export function outputsAt(within: Page | Locator, index: number): Locator {
  return cellAt(within, index).locator('.jp-OutputArea-output');
}

/**
 * The prompt of a cell, like `[3]:`.
 */
export function promptAt(page: Page, index: number): Locator {
  return cellAt(page, index).locator('.jp-InputArea-prompt');
}

/**
 * What a cell's strip says of its task.
 */
export function stateAt(page: Page, index: number): Locator {
  return cellAt(page, index).getByRole('status');
}

/**
 * The mark that says why a cell must run again.
 */
export function markAt(page: Page, index: number): Locator {
  return cellAt(page, index).getByRole('button', {
    name: /^(edited|upstream|not run|not done)$/
  });
}

/**
 * The button of a cell's strip that shows its target.
 */
export function targetAt(page: IJupyterLabPageFixture, index: number): Locator {
  return cellAt(page, index).getByRole('button', { name: /^Target / });
}

/**
 * The button in the notebook's toolbar that shows the target of the selected cells.
 */
export function toolbarTarget(page: IJupyterLabPageFixture): Locator {
  return page
    .locator('.jp-NotebookPanel-toolbar')
    .getByRole('button', { name: /^Target / });
}

/**
 * What is ours in the property inspector, unfolded.
 */
export async function showTool(page: IJupyterLabPageFixture): Promise<Locator> {
  await page.sidebar.openTab('jp-property-inspector');
  const header = page
    .locator('.jp-NotebookTools .jp-Collapse-header')
    .filter({ hasText: 'Dossier' });
  await header.waitFor();
  const tool = page.locator('.jp-DossierTool');
  if (!(await tool.isVisible())) {
    await header.click();
  }
  return tool;
}

/**
 * Close the open notebook, with nothing saved.
 */
export async function closeNotebook(
  page: IJupyterLabPageFixture
): Promise<void> {
  await page.evaluate(async () => {
    const panel = window.jupyterapp.shell.currentWidget as never as {
      close(): void;
      context: { model: { dirty: boolean } };
      disposed: { connect(slot: () => void): void };
    };
    const closed = new Promise<void>(done => panel.disposed.connect(done));
    // Whether JupyterLab would ask depends on what has arrived by now.
    panel.context.model.dirty = false;
    panel.close();
    await closed;
  });
}

/**
 * Restart the kernel of the open notebook from the menu, and wait until it is there again.
 */
export async function restartKernel(
  page: IJupyterLabPageFixture
): Promise<void> {
  await page.menu.clickMenuItem('Kernel>Restart Kernel…');
  const restarted = page.waitForResponse(/\/api\/kernels\/[^/]+\/restart/);
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Confirm Kernel Restart' })
    .click();
  await restarted;
  await page.getByText('Python 3 (ipykernel) | Idle').waitFor();
}

/**
 * Choose in the menu that a button opens.
 */
export async function choose(
  button: Locator,
  group: string | RegExp,
  item: string | RegExp
): Promise<void> {
  await button.click();
  await button
    .page()
    .getByRole('menu')
    .getByRole('group', { name: group })
    .getByRole('menuitemradio', { name: item })
    .click();
}

/**
 * Choose the target of a cell in the notebook's toolbar.
 */
export async function pickTarget(
  page: IJupyterLabPageFixture,
  index: number,
  target: string
): Promise<void> {
  await page.notebook.selectCells(index);
  await choose(
    toolbarTarget(page),
    'Target of the cell',
    new RegExp(`^${target}`)
  );
}
