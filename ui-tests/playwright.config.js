/**
 * Galata's configuration with Debian's Chromium, which needs no download.
 */
const port = process.env.DOSSIER_UI_TESTS_PORT ?? '8899';
process.env.TARGET_URL ??= `http://localhost:${port}`;
const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

const project = (windowingMode, theme) => ({
  name: windowingMode,
  testDir: 'tests',
  use: { windowingMode, theme }
});

module.exports = {
  ...baseConfig,
  timeout: 120_000,
  workers: 1,
  retries: 0,
  reporter: [['list'], ['junit', { outputFile: 'test-results/junit.xml' }]],
  use: {
    ...baseConfig.use,
    baseURL: process.env.TARGET_URL,
    trace: 'retain-on-failure',
    // Recording needs a helper that only comes with Playwright's own browsers.
    video: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--disable-dev-shm-usage']
    }
  },
  expect: { timeout: 30_000 },
  // Every test in `tests` runs in each windowing mode, and in both themes; those in `tests/once`
  // are about something else and run once.
  projects: [
    { ...project('full', 'JupyterLab Light'), testIgnore: '**/once/**' },
    { ...project('defer', 'JupyterLab Dark'), testIgnore: '**/once/**' },
    project('contentVisibility', 'JupyterLab Light'),
    { name: 'screenshots', testDir: 'screenshots' }
  ],
  webServer: {
    command: 'jlpm start',
    url: `${process.env.TARGET_URL}/lab`,
    timeout: 120_000,
    reuseExistingServer: false
  }
};
