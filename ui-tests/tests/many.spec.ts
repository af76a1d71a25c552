import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { install, report } from '../support/extension';
import { notebookOf } from '../support/notebook';
import { longTasks } from '../support/tasks';
import { alone, expect, sampled, test } from '../support/test';

const COUNT = 500;

const MODES = ['full', 'defer', 'contentVisibility'] as const;

for (const windowingMode of sampled(MODES)) {
  test.describe(`windowing mode ${windowingMode}`, () => {
    test.use({ windowingMode });

    test(
      '500 cells with targets stay smooth',
      alone,
      async ({ browser, page, tmpPath }) => {
        test.setTimeout(300_000);
        const path = `${tmpPath}/many.ipynb`;
        const cells = Array.from({ length: COUNT }, (_, index) => ({
          source: `x = ${index}\nprint(x)`,
          target: 'local'
        }));
        await page.contents.uploadContent(
          JSON.stringify(notebookOf(path, cells)),
          'text',
          path
        );

        const found = {} as Record<
          'with' | 'without',
          Record<string, number[]>
        >;
        for (const side of ['without', 'with'] as const) {
          await install(page, side === 'with');
          await page.goto('?reset');
          const opening = await longTasks(browser, () =>
            settled(page, open(page, path))
          );
          const scrolling = await longTasks(browser, () =>
            settled(page, scroll(page))
          );
          found[side] = { opening, scrolling };
          if (side === 'with') {
            await page.evaluate(async () => {
              await window.jupyterapp.commands.execute(
                'notebook:enter-command-mode'
              );
            });
            await page.keyboard.press('Control+a');
            found[side].setting = await longTasks(browser, async () => {
              for (const target of ['kernel', 'local']) {
                await page.evaluate(async target => {
                  await window.jupyterapp.commands.execute(
                    'dossier:set-target',
                    {
                      target
                    }
                  );
                }, target);
                await painted(page);
              }
            });
          }
        }
        report(`tasks over 50 ms, ${COUNT} cells, ${windowingMode}`, found);

        // JupyterLab has long tasks of its own when it opens and scrolls; what is ours adds none.
        for (const phase of ['opening', 'scrolling']) {
          const theirs = Math.max(0, ...found.without[phase]);
          expect(Math.max(0, ...found.with[phase])).toBeLessThan(
            theirs + LIMIT
          );
        }
        expect(Math.max(0, ...found.with.setting)).toBeLessThan(LIMIT);
      }
    );
  });
}

/**
 * The longest that a task of ours may take, in milliseconds of processor time: the goal is 100. This is
 * against hanging, since a busy machine has cold caches; the figures printed tell.
 */
const LIMIT = 1000;

/**
 * When the page has nothing left to do.
 */
function painted(page: IJupyterLabPageFixture): Promise<void> {
  return page.evaluate(
    () =>
      new Promise<void>(resolve => {
        requestAnimationFrame(() => requestIdleCallback(() => resolve()));
      })
  );
}

async function settled(
  page: IJupyterLabPageFixture,
  act: Promise<void>
): Promise<void> {
  await act;
  await painted(page);
}

async function open(page: IJupyterLabPageFixture, path: string): Promise<void> {
  await page.evaluate(async path => {
    const panel = await window.jupyterapp.commands.execute('docmanager:open', {
      path,
      kernel: { shutdown: true }
    });
    await panel.revealed;
    await panel.context.ready;
  }, path);
  await expect(
    page.locator('.jp-Notebook .jp-Cell[data-windowed-list-index="0"]')
  ).toBeVisible();
}

/**
 * From the first cell to the last, half a page a frame.
 */
async function scroll(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(async () => {
    const outer = document.querySelector('.jp-WindowedPanel-outer')!;
    const step = outer.clientHeight / 2;
    let last = -1;
    while (outer.scrollTop !== last) {
      last = outer.scrollTop;
      outer.scrollTop += step;
      await new Promise(resolve => requestAnimationFrame(resolve));
      await new Promise(resolve => requestAnimationFrame(resolve));
    }
  });
}
