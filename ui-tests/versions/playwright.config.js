/**
 * The same test in other versions of JupyterLab and in Notebook: `make test-versions` installs the
 * wheel into one environment each.
 */
const path = require('path');

const base = require('../playwright.config');

const first = 100 + Number(process.env.DOSSIER_UI_TESTS_PORT ?? '8899');
const versions = [
  { name: 'lab44', app: 'lab', at: 'lab/tree' },
  { name: 'lab45', app: 'lab', at: 'lab/tree' },
  { name: 'notebook7', app: 'notebook', at: 'notebooks' }
].map((version, index) => ({
  ...version,
  url: `http://127.0.0.1:${first + 100 * index}`,
  port: first + 100 * index
}));

const { PYTHONPATH, JUPYTER_PATH, ...env } = process.env;

module.exports = {
  ...base,
  reporter: [
    ['list'],
    ['junit', { outputFile: '../test-results/versions.xml' }]
  ],
  outputDir: '../test-results/versions',
  globalSetup: undefined,
  projects: versions.map(({ name, at, url }) => ({
    name,
    testDir: '.',
    use: { baseURL: url, at }
  })),
  webServer: versions.map(({ name, app, port, url }) => ({
    command: [
      path.resolve(__dirname, `../../.venvs/${name}/bin/jupyter`),
      app,
      `--config=${path.join(__dirname, 'jupyter_server_config.py')}`,
      `--port=${port}`
    ].join(' '),
    env,
    url: `${url}/api`,
    timeout: 120_000,
    reuseExistingServer: false
  }))
};
