import { AxeBuilder } from '@axe-core/playwright';
import {
  expect,
  galata,
  type IJupyterLabPageFixture,
  test as base
} from '@jupyterlab/galata';
import { MenuHelper } from '@jupyterlab/galata/lib/helpers';
import * as galataUtils from '@jupyterlab/galata/lib/utils';

export { expect };

// Galata's own gives up after 15 s, and goes on asking then: of a page that is closed, which ends
// the process of the tests in the midst of what it does.
Object.assign(galataUtils, {
  waitForCondition: (
    condition: () => boolean | Promise<boolean>,
    timeout?: number
  ) => expect.poll(condition, { timeout, intervals: [50] }).toBeTruthy()
});

// Galata's own clicks nothing, or waits without end, where the menu closes before it is clicked: by
// whatever takes the focus meanwhile.
MenuHelper.prototype.clickMenuItem = async function (path) {
  const parts = path.split('>');
  const label = parts.pop()!;
  await expect(async () => {
    const menu = (await this.openLocator(parts.join('>')))!;
    await menu
      .locator(`ul li:has(div.lm-Menu-itemLabel:text-is("${label}"))`)
      .click({ timeout: 30_000 });
  }).toPass({ timeout: 120_000 });
};

const THEME_NAMES = ['JupyterLab Light', 'JupyterLab Dark'] as const;
const DEFAULT_MODE = 'contentVisibility';
const OTHER_MODES = ['full', 'defer'];

/**
 * What a project of `playwright.config.js` or a test may choose.
 */
export interface IOptions {
  /**
   * The windowing mode of notebooks.
   */
  windowingMode: 'full' | 'defer' | 'contentVisibility' | 'none';

  /**
   * The theme.
   */
  theme: (typeof THEME_NAMES)[number];

  /**
   * Settings of plugins besides those of the tests, by plugin.
   */
  settings: Record<string, Record<string, unknown>>;

  /**
   * Whether toasts stay that go by themselves: a busy machine may look at the page too late.
   */
  keepsToasts: boolean;
}

const TRACKER = '@jupyterlab/notebook-extension:tracker';
const THEMES = '@jupyterlab/apputils-extension:themes';

// A connection that was kept may be gone, which is no fault of what is asked for once more.
const AGAIN = { maxRetries: 2, timeout: 0 };

/**
 * Marks a test of what is laid out in a notebook: it runs in JupyterLab's own windowing mode and in
 * one of the others, in all of them where `DOSSIER_FULL` is set.
 */
export const laidOut = { tag: '@layout' };

/**
 * Marks a test that measures: it runs when nothing else does.
 */
export const alone = { tag: '@alone' };

/**
 * The time of a toast is over when this animation of it is.
 */
const TOASTS =
  '.Toastify__progress-bar { animation-play-state: paused !important; }';

/**
 * In the page: have a style.
 */
function stopToasts(content: string): void {
  addEventListener('DOMContentLoaded', () => {
    const style = document.createElement('style');
    style.textContent = content;
    document.head.append(style);
  });
}

/**
 * Galata's test with real kernels and sessions, and the options above.
 */
export const test = base.extend<
  IOptions & { endSessions: void; oneOtherMode: void }
>({
  baseURL: async ({ baseURL }, use, { parallelIndex }) => {
    const url = new URL(baseURL!);
    url.port = String(Number(url.port) + parallelIndex);
    await use(url.origin);
  },
  windowingMode: [DEFAULT_MODE, { option: true }],
  theme: ['JupyterLab Light', { option: true }],
  settings: [{}, { option: true }],
  keepsToasts: [false, { option: true }],
  oneOtherMode: [
    async ({}, use, { project, title }) => {
      base.skip(
        OTHER_MODES.includes(project.name) &&
          !sampled(OTHER_MODES, title).includes(project.name),
        'it runs in the other mode'
      );
      await use();
    },
    { auto: true }
  ],
  page: async ({ keepsToasts, page }, use) => {
    if (keepsToasts) {
      await page.addInitScript(stopToasts, TOASTS);
      await page.addStyleTag({ content: TOASTS });
    }
    await use(page);
  },
  mockSettings: async ({ settings, theme, windowingMode }, use) => {
    const all: Record<string, Record<string, unknown>> = {
      ...(galata.DEFAULT_SETTINGS as typeof settings)
    };
    const chosen = [
      { [TRACKER]: { windowingMode }, [THEMES]: { theme } },
      settings
    ];
    for (const part of chosen) {
      for (const [plugin, values] of Object.entries(part)) {
        all[plugin] = { ...all[plugin], ...values };
      }
    }
    await use(all);
  },
  // Galata's mock of the kernels' API does not know that an interrupt has an empty answer.
  kernels: null,
  sessions: null,
  // JupyterLab connects to every kernel that runs, at each start.
  endSessions: [
    async ({ request, tmpPath }, use) => {
      await use();
      const answer = await request.get('api/sessions', AGAIN);
      const sessions = (await answer.json()) as { id: string; path: string }[];
      await Promise.all(
        sessions
          .filter(({ path }) => path.startsWith(`${tmpPath}/`))
          .map(({ id }) => request.delete(`api/sessions/${id}`, AGAIN))
      );
    },
    // Of its own: a kernel takes its time to end, and the test may have used up the test's.
    { auto: true, timeout: 120_000 }
  ]
});

/**
 * One of these, by the seed and a text; all of them where `DOSSIER_FULL` is set.
 */
export function sampled<T>(all: readonly T[], text = ''): readonly T[] {
  if (process.env.DOSSIER_FULL) {
    return all;
  }
  const seed = Number(process.env.DOSSIER_SEED ?? '0');
  const number = [...text].reduce((sum, c) => sum + c.charCodeAt(0), seed);
  return [all[number % all.length]];
}

/**
 * What is read of the page once it does not change from one frame to the next.
 */
export async function settled<T>(
  page: IJupyterLabPageFixture,
  read: () => Promise<T>
): Promise<T> {
  let last = await read();
  let frames = 0;
  await expect
    .poll(
      async () => {
        await page.evaluate(
          () => new Promise(done => requestAnimationFrame(() => done(null)))
        );
        const now = await read();
        const isSame = JSON.stringify(now) === JSON.stringify(last);
        last = now;
        return (frames = isSame ? frames + 1 : 0);
      },
      { intervals: [0] }
    )
    .toBeGreaterThanOrEqual(STILL);
  return last;
}

/**
 * For how many readings nothing must have changed.
 */
const STILL = 5;

/**
 * Expect no violation that axe calls serious or critical in the parts of the page that are ours, in
 * the light theme and in the dark one. Windowing modes other than JupyterLab's own, in which every
 * test runs too, are looked at in the theme they have.
 */
export async function expectAccessible(
  page: IJupyterLabPageFixture,
  ...parts: string[]
): Promise<void> {
  const check = async (theme: string, isFirst: boolean) => {
    let axe = new AxeBuilder({ page });
    if (!isFirst) {
      // Nothing but colours depends on the theme.
      axe.withTags('cat.color');
    }
    for (const part of parts) {
      axe = axe.include(part);
    }
    const { violations } = await axe.analyze();
    const serious = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${theme}: ${id}: ${nodes.map(node => node.html).join('\n')}`
      );
    expect(serious).toEqual([]);
  };
  const { use } = test.info().project;
  await ((use as Partial<IOptions>).windowingMode === DEFAULT_MODE
    ? inBothThemes(page, check)
    : check(await themeOf(page), true));
}

/**
 * Keep pictures of the page in both themes under `test-results/looks`, to be looked at, where
 * `DOSSIER_LOOKS` is set.
 */
export async function look(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  if (process.env.DOSSIER_LOOKS) {
    const folder = `test-results/looks/${test.info().project.name}`;
    await inBothThemes(page, async theme => {
      const suffix = theme.split(' ').pop()!;
      await page.screenshot({ path: `${folder}/${name}.${suffix}.png` });
    });
  }
}

function themeOf(page: IJupyterLabPageFixture): Promise<string> {
  return page.evaluate(() => document.body.dataset.jpThemeName!);
}

/**
 * Do something in the theme of the page, then in the other, and come back to the first.
 */
async function inBothThemes(
  page: IJupyterLabPageFixture,
  act: (theme: string, isFirst: boolean) => Promise<void>
): Promise<void> {
  const first = await themeOf(page);
  const other = THEME_NAMES.find(name => name !== first)!;
  await act(first, true);
  for (const theme of [other, first]) {
    await page.evaluate(
      theme =>
        window.jupyterapp.commands.execute('apputils:change-theme', { theme }),
      theme
    );
    await expect(page.locator('body')).toHaveAttribute(
      'data-jp-theme-name',
      theme
    );
    await expect(page.locator('#jupyterlab-splash')).toHaveCount(0);
    if (theme === other) {
      await act(theme, false);
    }
  }
}
