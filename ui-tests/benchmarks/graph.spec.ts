import { expect, test } from '@playwright/test';
import { build } from 'esbuild';
import * as path from 'path';

import { EDGES, COUNT, type IMeasured } from './graph/graph';

const ROUNDS = Number(process.env.DOSSIER_BENCH_ROUNDS ?? 5);

/**
 * A side as a script that leaves its `measure` in the page.
 */
async function bundle(side: string): Promise<{ js: string; css: string }> {
  const { outputFiles } = await build({
    entryPoints: [path.join(__dirname, 'graph', side)],
    bundle: true,
    minify: true,
    write: false,
    outdir: 'unused',
    format: 'iife',
    globalName: 'side',
    define: { 'process.env.NODE_ENV': '"production"' },
    jsx: 'transform',
    loader: { '.svg': 'text', '.css': side === 'theirs.tsx' ? 'css' : 'empty' }
  });
  const of = (end: string) =>
    outputFiles.find(file => file.path.endsWith(end))?.text ?? '';
  return { js: of('.js'), css: of('.css') };
}

test('a graph of 1,000 cells: ours and React Flow with dagre, in turns', async ({
  browser
}) => {
  test.setTimeout(600_000);
  const sides = {
    ours: await bundle('ours.ts'),
    'React Flow and dagre': await bundle('theirs.tsx')
  };
  const found = new Map<string, IMeasured[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, { css, js }] of Object.entries(sides)) {
      const page = await browser.newPage();
      await page.setContent(
        `<style>${css} #host, #host > * { width: 1200px; height: 800px; }</style><div id="host"></div>`
      );
      await page.addScriptTag({ content: js });
      const measured = await page.evaluate((): Promise<IMeasured> =>
        (
          window as unknown as {
            side: { measure(host: HTMLElement): Promise<IMeasured> };
          }
        ).side.measure(document.getElementById('host')!)
      );
      found.set(name, [...(found.get(name) ?? []), measured]);
      await page.close();
    }
  }
  const median = (name: string, part: keyof IMeasured) => {
    const all = found.get(name)!.map(it => it[part]);
    return all.sort((a, b) => a - b)[Math.floor(all.length / 2)];
  };
  console.log(`${COUNT} cells, ${EDGES.length} edges, ${ROUNDS} rounds`);
  for (const part of ['layout', 'mount', 'update', 'elements'] as const) {
    const [ours, theirs] = Object.keys(sides).map(name => median(name, part));
    const ratio = (ours / theirs).toFixed(2);
    console.log(
      `${part}: ours ${Math.round(ours)}, React Flow and dagre ${Math.round(theirs)}, ratio ${ratio}`
    );
  }
  // What the panel promises, with room for a busy machine.
  expect(median('ours', 'mount')).toBeLessThan(3_000);
});
