/**
 * Benchmarks of what is drawn: pages of their own, without JupyterLab.
 */
module.exports = {
  testDir: '.',
  workers: 1,
  reporter: 'list',
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--disable-dev-shm-usage', '--no-sandbox']
    }
  }
};
