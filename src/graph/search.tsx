import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

import { SearchBox } from '../ui/searchbox';
import type { GraphScene } from './scene';

/**
 * Finds cells of the graph; Enter goes from one to the next.
 */
export class GraphSearch extends ReactWidget {
  constructor(private _options: GraphSearch.IOptions) {
    super();
    this.addClass('jp-DossierGraph-search');
    _options.scene.drawn.connect(this.update, this);
  }

  protected render(): JSX.Element {
    const { scene, trans } = this._options;
    const { found, query } = scene;
    return (
      <>
        <SearchBox
          label={trans.__('Find cells by number, words or target')}
          placeholder={trans.__('Find cells')}
          query={query}
          onQuery={words => {
            scene.query = words;
            this.update();
          }}
          onEnter={() => {
            if (found.length > 0) {
              const at = found.findIndex(({ id }) => id === scene.selected);
              scene.select(found[(at + 1) % found.length].id);
            }
          }}
        />
        <span role="status">
          {query.trim() !== '' &&
            trans._n('%1 cell found', '%1 cells found', found.length)}
        </span>
      </>
    );
  }
}

/**
 * A namespace for `GraphSearch` statics.
 */
export namespace GraphSearch {
  export interface IOptions {
    scene: GraphScene;
    trans: TranslationBundle;
  }
}
