/**
 * Galata's configuration with Debian's Chromium, which needs no download.
 */
const port = Number(process.env.DOSSIER_UI_TESTS_PORT ?? '8899');
process.env.TARGET_URL ??= `http://127.0.0.1:${port}`;
const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

const LAID_OUT = /@layout/;

// Tests that run at the same time have a server each: kernels, workers and the store are its own.
const AT_ONCE = 2;

const server = (_, index) => ({
  command: `jlpm start > server-${index}.log 2>&1`,
  env: { DOSSIER_UI_TESTS_PORT: String(port + index) },
  url: `http://127.0.0.1:${port + index}/lab`,
  timeout: 120_000,
  reuseExistingServer: false
});

const project = (windowingMode, theme) => ({
  name: windowingMode,
  testDir: 'tests',
  use: { windowingMode, theme }
});

module.exports = {
  ...baseConfig,
  // Limits against hanging: figures are those of `make bench`.
  timeout: 240_000,
  workers: AT_ONCE,
  retries: 0,
  reporter: [['list'], ['junit', { outputFile: 'test-results/junit.xml' }]],
  use: {
    ...baseConfig.use,
    baseURL: process.env.TARGET_URL,
    // What is waited for in vain is named, where the test's own limit names nothing.
    actionTimeout: 60_000,
    navigationTimeout: 120_000,
    // Pictures and copies of the page at every moment take a third of a small machine's time.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: false },
    // Recording needs a helper that only comes with Playwright's own browsers.
    video: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--disable-dev-shm-usage']
    }
  },
  expect: { timeout: 60_000 },
  // Every test runs with JupyterLab's own windowing mode; those about what is laid out in a
  // notebook (`laidOut`) in others too.
  projects: [
    { ...project('full', 'JupyterLab Light'), grep: LAID_OUT },
    { ...project('defer', 'JupyterLab Dark'), grep: LAID_OUT },
    project('contentVisibility', 'JupyterLab Light'),
    { name: 'screenshots', testDir: 'screenshots' }
  ],
  webServer: Array.from({ length: AT_ONCE }, server)
};
