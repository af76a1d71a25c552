import { expect, test } from '@jupyterlab/galata';
import * as path from 'path';

import {
  openNotebook,
  outputsAt,
  promptAt,
  stateAt
} from '../support/notebook';

const IMAGES = path.resolve(__dirname, '../../docs/images');

test.use({ viewport: { width: 1180, height: 860 } });

for (const theme of ['light', 'dark'] as const) {
  test(`the strip in the ${theme} theme`, async ({ page, tmpPath }) => {
    if (theme === 'dark') {
      await page.theme.setDarkTheme();
    }
    await openNotebook(page, `${tmpPath}/digits.ipynb`, [
      {
        source: `from sklearn.datasets import load_digits
digits = load_digits()
digits.images.shape`
      },
      {
        source: `import matplotlib.pyplot as plt
figure, axes = plt.subplots(1, 8, figsize=(8, 1.2))
for axis, image in zip(axes, digits.images):
    axis.imshow(image, cmap="gray_r")
    axis.axis("off")`,
        target: 'local'
      },
      {
        source: `from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

scores = []
for depth in [4, 8, 12]:
    model = DecisionTreeClassifier(max_depth=depth, random_state=0)
    scores.append(cross_val_score(model, digits.data, digits.target, cv=3).mean())
    print(f"depth {depth}: {scores[-1]:.3f}")`,
        target: 'local'
      },
      { source: 'f"best: {max(scores):.3f}"' }
    ]);
    await page.sidebar.close('left');
    await page.menu.clickMenuItem('Run>Run All Cells');
    // Several cold imports of large packages stand behind this one.
    await expect(promptAt(page, 3)).toHaveText('[4]:', { timeout: 100_000 });
    await expect(stateAt(page, 2)).toHaveText('done');
    await expect(outputsAt(page, 1).locator('img')).toBeVisible();
    await page.locator('.jp-NotebookPanel').screenshot({
      path: path.join(IMAGES, theme === 'dark' ? 'strip-dark.png' : 'strip.png')
    });
  });
}
