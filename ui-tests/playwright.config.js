/**
 * Galata's configuration with Debian's Chromium, which needs no download.
 */
const port = process.env.DOSSIER_UI_TESTS_PORT ?? '8899';
process.env.TARGET_URL ??= `http://127.0.0.1:${port}`;
const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

const LAID_OUT = /@layout/;

const project = (windowingMode, theme) => ({
  name: windowingMode,
  testDir: 'tests',
  use: { windowingMode, theme }
});

module.exports = {
  ...baseConfig,
  // Limits against hanging: figures are those of `make bench`.
  timeout: 240_000,
  workers: 1,
  retries: 0,
  reporter: [['list'], ['junit', { outputFile: 'test-results/junit.xml' }]],
  use: {
    ...baseConfig.use,
    baseURL: process.env.TARGET_URL,
    // What is waited for in vain is named, where the test's own limit names nothing.
    actionTimeout: 60_000,
    navigationTimeout: 120_000,
    // Pictures of every moment would take much of a small machine's time.
    trace: { mode: 'retain-on-failure', screenshots: false },
    // Recording needs a helper that only comes with Playwright's own browsers.
    video: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--disable-dev-shm-usage']
    }
  },
  expect: { timeout: 60_000 },
  // Every test runs with JupyterLab's own windowing mode; those about what is laid out in a
  // notebook (`laidOut`) in the other modes too.
  projects: [
    { ...project('full', 'JupyterLab Light'), grep: LAID_OUT },
    { ...project('defer', 'JupyterLab Dark'), grep: LAID_OUT },
    project('contentVisibility', 'JupyterLab Light'),
    { name: 'screenshots', testDir: 'screenshots' }
  ],
  webServer: {
    command: 'jlpm start > server.log 2>&1',
    url: `${process.env.TARGET_URL}/lab`,
    timeout: 120_000,
    reuseExistingServer: false
  }
};
