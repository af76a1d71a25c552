import { AxeBuilder } from '@axe-core/playwright';
import {
  expect,
  galata,
  type IJupyterLabPageFixture,
  test as base
} from '@jupyterlab/galata';

export { expect };

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
  theme: 'JupyterLab Light' | 'JupyterLab Dark';

  /**
   * Settings of plugins besides those of the tests, by plugin.
   */
  settings: Record<string, Record<string, unknown>>;
}

const TRACKER = '@jupyterlab/notebook-extension:tracker';
const THEMES = '@jupyterlab/apputils-extension:themes';

/**
 * Galata's test with real kernels and sessions, and the options above.
 */
export const test = base.extend<IOptions>({
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
  sessions: null
});

/**
 * Expect no violation that axe calls serious or critical in the parts of the page that are ours.
 */
export async function expectAccessible(
  page: IJupyterLabPageFixture,
  ...parts: string[]
): Promise<void> {
  let axe = new AxeBuilder({ page });
  for (const part of parts) {
    axe = axe.include(part);
  }
  const { violations } = await axe.analyze();
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join('\n')}`
    );
  expect(serious).toEqual([]);
}

/**
 * Keep a picture of the page under `test-results/looks`, to be looked at.
 */
export async function look(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  const { project } = test.info();
  await page.screenshot({
    path: `test-results/looks/${project.name}/${name}.png`
  });
}
