import { type Page, test } from '@playwright/test';
import { type ChildProcess, spawn } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

/**
 * A Jupyter server of a test's own, which can be killed and started again on the same folders.
 */
export class OwnServer {
  constructor(private _options: OwnServer.IOptions) {
    this._folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dossier-server-'));
    this.root = path.join(this._folder, 'root');
    fs.mkdirSync(this.root);
  }

  /**
   * The folder of the notebooks.
   */
  readonly root: string;

  get url(): string {
    return `http://127.0.0.1:${this._options.port}`;
  }

  async start(): Promise<void> {
    const { arguments: more = [], environment, port, python } = this._options;
    const folder = (name: string) => path.join(this._folder, name);
    this._process = spawn(
      python ?? 'python',
      [
        '-m',
        'jupyterlab',
        '--no-browser',
        `--ServerApp.port=${port}`,
        '--ServerApp.port_retries=0',
        `--ServerApp.root_dir=${this.root}`,
        '--IdentityProvider.token=',
        '--ServerApp.password=',
        '--ServerApp.disable_check_xsrf=True',
        '--ServerApp.allow_root=True',
        '--ServerApp.jpserver_extensions={"jupyterlab_dossier": True}',
        '--LabApp.expose_app_in_browser=True',
        '--LabApp.news_url=None',
        ...more
      ],
      {
        // Extensions leave files where the server is started.
        cwd: this._folder,
        stdio: ['ignore', 'ignore', fs.openSync(folder('log'), 'w')],
        env: {
          ...process.env,
          ...environment,
          JUPYTER_DATA_DIR: folder('data'),
          JUPYTER_CONFIG_DIR: folder('config'),
          JUPYTER_RUNTIME_DIR: folder('runtime'),
          JUPYTERLAB_SETTINGS_DIR: folder('settings'),
          JUPYTERLAB_WORKSPACES_DIR: folder('workspaces')
        }
      }
    );
    const server = this._process;
    const end = () => server.kill('SIGKILL');
    process.once('exit', end);
    server.once('exit', () => process.off('exit', end));
    // Its own word: another server may answer at the port.
    const ready = () =>
      fs.readFileSync(folder('log'), 'utf8').includes('is running at:');
    for (let tries = 0; !ready(); tries++) {
      if (tries > 1200 || server.exitCode !== null) {
        throw new Error(fs.readFileSync(folder('log'), 'utf8'));
      }
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }

  /**
   * End the server, by default as a crash does.
   *
   * @param grace - milliseconds after which a server that other extensions hold up is killed
   */
  async stop(
    signal: NodeJS.Signals = 'SIGKILL',
    grace?: number
  ): Promise<void> {
    const server = this._process;
    if (server && server.exitCode === null && server.signalCode === null) {
      const ended = new Promise(resolve => server.once('exit', resolve));
      server.kill(signal);
      const timer = grace && setTimeout(() => server.kill('SIGKILL'), grace);
      await ended;
      clearTimeout(timer);
    }
  }

  /**
   * Write a notebook; each cell is its source, all on local workers.
   */
  write(name: string, sources: string[], targets: (string | null)[]): void {
    const notebook = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {
        kernelspec: { name: 'python3', display_name: 'Python 3' },
        dossier: { version: 1, id: name }
      },
      cells: sources.map((source, index) => ({
        cell_type: 'code',
        id: `cell-${index}`,
        metadata: targets[index]
          ? { dossier: { version: 1, target: targets[index] } }
          : {},
        source,
        outputs: [],
        execution_count: null
      }))
    };
    fs.writeFileSync(path.join(this.root, name), JSON.stringify(notebook));
  }

  /**
   * Open a notebook in a page and wait for its kernel.
   */
  async open(page: Page, name: string): Promise<void> {
    await page.goto(`${this.url}/lab/tree/${name}?reset`);
    await page.getByText(/\(ipykernel\) \| Idle/).waitFor({ timeout: 60_000 });
  }

  private _folder: string;
  private _process: ChildProcess | null = null;
}

/**
 * A namespace for `OwnServer` statics.
 */
export namespace OwnServer {
  export interface IOptions {
    port: number;

    /**
     * The interpreter; that of the tests if not given.
     */
    python?: string;
    arguments?: string[];
    environment?: Record<string, string>;
  }
}

/**
 * A port near that of the tests' server, which no test has that runs at the same time.
 */
export function ownPort(offset: number): number {
  const first = Number(process.env.DOSSIER_UI_TESTS_PORT ?? '8899');
  return first + offset + test.info().parallelIndex;
}
