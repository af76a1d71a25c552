/**
 * Cells of a live JupyterLab in pods of a real cluster; `make test-engines` starts it.
 */
const base = require('../playwright.config');

module.exports = {
  ...base,
  reporter: [
    ['list'],
    ['junit', { outputFile: '../test-results/engines.xml' }]
  ],
  outputDir: '../test-results/engines',
  projects: [{ name: 'engines', testDir: '.' }],
  webServer: { ...base.webServer, cwd: `${__dirname}/..` }
};
