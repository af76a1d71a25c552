import { openNotebook } from '../support/notebook';
import { endOf, openRun, startWorkflow } from '../support/runs';
import { expect, expectAccessible, look, test } from '../support/test';

// Too long for a narrow window, however long ago "ago" is.
const NAME = 'What a run of many words shows where the window is narrow';

test('a run is read in a narrow window, at 200 %, and with reduced motion', async ({
  page,
  tmpPath
}) => {
  await openNotebook(page, `${tmpPath}/${NAME}.ipynb`, [
    { source: 'rows = list(range(1000))' },
    { source: 'print(sum(rows))' },
    {
      source:
        'import pathlib, time\nwhile not pathlib.Path("go").exists():\n    time.sleep(0.05)'
    }
  ]);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const run = await startWorkflow(page);
  await page.setViewportSize({ width: 900, height: 700 });
  const view = await openRun(page, run);
  const icon = view.locator('[data-state=running] .jp-DossierState-icon');
  await expect(icon.first()).toBeVisible();
  await expect(icon.first()).toHaveCSS('animation-name', 'none');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await expect(icon.first()).not.toHaveCSS('animation-name', 'none');
  await page.contents.uploadContent('', 'text', `${tmpPath}/go`);
  expect(await endOf(page, run)).toBe('done');

  // A zoom of 200 % halves the window in the page's own pixels.
  for (const [width, height] of [
    [900, 700],
    [640, 480]
  ]) {
    await page.setViewportSize({ width, height });
    if (width < 700) {
      await page.sidebar.close('left');
    }
    const second = view.getByRole('button', { name: /print\(sum/ });
    await second.scrollIntoViewIfNeeded();
    await second.click();
    await view.getByRole('tab', { name: 'Code and outputs' }).click();
    const outputs = view.getByRole('group', { name: 'Outputs' });
    await outputs.scrollIntoViewIfNeeded();
    await expect(outputs).toContainText('499500');
    await expect(outputs).toBeInViewport();
    // Nothing is cut off at the right: what is too wide wraps or scrolls.
    const overflow = () =>
      view
        .locator('.jp-DossierRun')
        .evaluate(node => node.scrollWidth - node.clientWidth);
    await expect.poll(overflow).toBeLessThanOrEqual(0);
    await look(page, `runview-${width}`);
    await expectAccessible(page, '.jp-DossierRun');
  }
  // Where the head's words wrap, it grows.
  await page.setViewportSize({ width: 900, height: 700 });
  const head = view.locator('.jp-DossierRun-head');
  const height = () => head.evaluate(node => node.clientHeight);
  const unwrapped = await height();
  await page.setViewportSize({ width: 360, height: 600 });
  await expect.poll(height).toBeGreaterThan(unwrapped);
  const hidden = () =>
    head.evaluate(node => node.scrollHeight - node.clientHeight);
  await expect.poll(hidden).toBeLessThanOrEqual(0);
});
