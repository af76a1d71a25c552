import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import * as os from 'os';

const NAME = 'jupyterlab-dossier';
const LEFT_OUT = 'dossier-tests:left-out';

/**
 * From the next load on, let JupyterLab start with the extension or as if it were not installed.
 */
export async function install(
  page: IJupyterLabPageFixture,
  isInstalled: boolean
): Promise<void> {
  const mark = [LEFT_OUT, String(!isInstalled)];
  await page.evaluate(([key, value]) => localStorage.setItem(key, value), mark);
  if (!prepared.has(page)) {
    prepared.add(page);
    await page.addInitScript(leaveOut, [LEFT_OUT, NAME]);
  }
}

const prepared = new WeakSet<IJupyterLabPageFixture>();

/**
 * In the page: take the extension out of the page's configuration before anything reads it.
 */
function leaveOut([mark, extension]: string[]): void {
  if (localStorage.getItem(mark) !== 'true') {
    return;
  }
  const observer = new MutationObserver(() => {
    const element = document.getElementById('jupyter-config-data');
    if (element) {
      observer.disconnect();
      const config = JSON.parse(element.textContent!);
      config.federated_extensions = config.federated_extensions.filter(
        ({ name }: { name: string }) => name !== extension
      );
      // Its settings schema does not count either.
      (config.disabledExtensions ??= []).push(extension);
      element.textContent = JSON.stringify(config);
    }
  });
  observer.observe(document, { childList: true, subtree: true });
}

/**
 * The addresses that the page asked for and that are ours.
 */
export function recordRequests(page: IJupyterLabPageFixture): {
  api: string[];
  files: string[];
} {
  const api: string[] = [];
  const files: string[] = [];
  const record = (url: string) => {
    if (url.includes('/dossier/')) {
      api.push(url);
    } else if (url.includes(NAME)) {
      files.push(url);
    }
  };
  page.on('request', request => record(request.url()));
  page.on('websocket', socket => record(socket.url()));
  return { api, files };
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Print what was measured, with what else the machine had to do.
 */
export function report(title: string, figures: object): void {
  console.log(
    `${title}: ${JSON.stringify(figures)} (load ${os.loadavg()[0].toFixed(1)}, ${os.cpus().length} cores)`
  );
}
