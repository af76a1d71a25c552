import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

import { problemIcons, stateIcons } from '../ui/icons';
import type { IRunsPanelOptions } from './options';

/**
 * The targets: what kind they are, and whether and why not they can be used.
 */
export class TargetList extends ReactWidget {
  constructor(private _options: IRunsPanelOptions) {
    super();
    const { targets, trans } = _options;
    this.addClass('jp-DossierRuns-section');
    this.title.label = trans.__('Targets');
    // Nothing in it takes the focus, and it may be longer than its place.
    this.node.tabIndex = 0;
    targets.changed.connect(this.update, this);
  }

  override dispose(): void {
    this._options.targets.changed.disconnect(this.update, this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { targets, trans } = this._options;
    return (
      <ul className="jp-DossierRuns-list" aria-label={trans.__('Targets')}>
        {targets.targets.map(({ name, kind, usable, why, costly }) => {
          const Icon = (usable ? stateIcons.done : problemIcons.error).react;
          return (
            <li
              key={name}
              className="jp-DossierRuns-item jp-DossierRuns-target"
              title={why ?? ''}
            >
              <span
                className="jp-DossierState"
                data-state={usable ? 'done' : 'failed'}
              >
                <span className="jp-DossierState-icon" aria-hidden="true">
                  <Icon tag={null} />
                </span>
                <span className="jp-DossierState-word">
                  {usable ? trans.__('usable') : trans.__('not usable')}
                </span>
              </span>
              <span className="jp-DossierRuns-name">{name}</span>
              <span className="jp-DossierRuns-more">
                {[kind, costly ? trans.__('costly') : null]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
              {why && <span className="jp-DossierRuns-why">{why}</span>}
            </li>
          );
        })}
      </ul>
    );
  }
}
