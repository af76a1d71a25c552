import { AxeBuilder } from '@axe-core/playwright';
import {
  expect,
  galata,
  type IJupyterLabPageFixture,
  test as base
} from '@jupyterlab/galata';

export { expect };

const THEME_NAMES = ['JupyterLab Light', 'JupyterLab Dark'] as const;

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
}

const TRACKER = '@jupyterlab/notebook-extension:tracker';
const THEMES = '@jupyterlab/apputils-extension:themes';

/**
 * Marks a test of what is laid out in a notebook: it runs in all windowing modes and themes.
 */
export const laidOut = { tag: '@layout' };

/**
 * Galata's test with real kernels and sessions, and the options above.
 */
export const test = base.extend<IOptions & { endSessions: void }>({
  windowingMode: ['contentVisibility', { option: true }],
  theme: ['JupyterLab Light', { option: true }],
  settings: [{}, { option: true }],
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
      const sessions = await (await request.get('api/sessions')).json();
      for (const { id, path } of sessions as { id: string; path: string }[]) {
        if (path.startsWith(`${tmpPath}/`)) {
          await request.delete(`api/sessions/${id}`);
        }
      }
    },
    { auto: true }
  ]
});

/**
 * Expect no violation that axe calls serious or critical in the parts of the page that are ours,
 * in the light theme and in the dark one.
 */
export async function expectAccessible(
  page: IJupyterLabPageFixture,
  ...parts: string[]
): Promise<void> {
  await inBothThemes(page, async (theme, isFirst) => {
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
  });
}

/**
 * Keep pictures of the page under `test-results/looks`, to be looked at; in both themes where
 * `DOSSIER_LOOKS` is set.
 */
export async function look(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  const { project } = test.info();
  const keep = async (theme: string) => {
    const folder = `test-results/looks/${project.name}`;
    await page.screenshot({ path: `${folder}/${name}${theme}.png` });
  };
  await (process.env.DOSSIER_LOOKS
    ? inBothThemes(page, theme => keep(`.${theme.split(' ').pop()!}`))
    : keep(''));
}

/**
 * Do something in the theme of the page, then in the other, and come back to the first.
 */
async function inBothThemes(
  page: IJupyterLabPageFixture,
  act: (theme: string, isFirst: boolean) => Promise<void>
): Promise<void> {
  const first = await page.evaluate(() => document.body.dataset.jpThemeName!);
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
