import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { expect } from './test';

/**
 * The side panel of targets and runs, shown.
 */
export async function showRuns(page: IJupyterLabPageFixture): Promise<Locator> {
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('dossier:show-runs')
  );
  const panel = page.getByRole('region', { name: 'Targets and runs' });
  await expect(panel).toBeVisible();
  return panel;
}

/**
 * The entry of a run in the side panel, as it reads in one of its states.
 */
export function entryOf(panel: Locator, run: string, words: RegExp): Locator {
  return panel
    .locator(`[data-run="${run}"]`)
    .getByRole('button', { name: words });
}

/**
 * The id of the run that something starts.
 */
export async function idOfRun(
  page: IJupyterLabPageFixture,
  start: () => Promise<void>
): Promise<string> {
  const started = page.waitForResponse(
    response =>
      response.request().method() === 'POST' &&
      new URL(response.url()).pathname.endsWith('/dossier/api/runs')
  );
  await start();
  const { run } = (await (await started).json()) as { run: string };
  return run;
}

/**
 * Run the open notebook as a workflow, whatever comes of it.
 *
 * @returns the id of the run
 */
export async function startWorkflow(
  page: IJupyterLabPageFixture
): Promise<string> {
  return idOfRun(page, () =>
    page.getByRole('button', { name: 'Run as workflow' }).click()
  );
}

/**
 * The end of a run, as the server has it.
 */
export async function endOf(
  page: IJupyterLabPageFixture,
  run: string
): Promise<string> {
  let state = '';
  await expect
    .poll(async () => {
      const answer = await page.request.get(`dossier/api/runs/${run}`);
      ({ state } = (await answer.json()) as { state: string });
      return state;
    })
    .not.toBe('running');
  return state;
}

/**
 * A run in the main area, opened by its command.
 */
export async function openRun(
  page: IJupyterLabPageFixture,
  run: string
): Promise<Locator> {
  await page.evaluate(async run => {
    await window.jupyterapp.commands.execute('dossier:open-run', { run });
  }, run);
  const view = page.locator(`#dossier-run-${run}`);
  await expect(view.getByRole('table', { name: /^Cells of/ })).toBeVisible();
  return view;
}
