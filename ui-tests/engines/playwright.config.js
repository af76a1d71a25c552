/**
 * Cells of a live JupyterLab in pods of a real cluster; `make test-engines` starts it.
 */
const base = require('../playwright.config');

module.exports = {
  ...base,
  // Against hanging only: a cluster takes its time where the machine does other things too.
  timeout: 900_000,
  expect: { timeout: 300_000 },
  use: { ...base.use, actionTimeout: 300_000, navigationTimeout: 300_000 },
  reporter: [
    ['list'],
    ['junit', { outputFile: '../test-results/engines.xml' }]
  ],
  outputDir: '../test-results/engines',
  projects: [{ name: 'engines', testDir: '.' }],
  workers: 1,
  webServer: {
    ...base.webServer[0],
    timeout: 300_000,
    cwd: `${__dirname}/..`
  }
};
