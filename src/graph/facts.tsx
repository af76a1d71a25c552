import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import React from 'react';

import { numbered } from '../api';
import { took } from '../ui/words';
import type { IDrawnEdge, IItem } from './fold';
import type { IGraphNode } from './model';
import type { GraphScene } from './scene';
import { edgeLabel, foldLabel, itemLabel, lookWord } from './words';

/**
 * What is known of the item that is chosen, and what can be done with it.
 */
export class ItemFacts extends ReactWidget {
  constructor(private _options: ItemFacts.IOptions) {
    super();
    this.addClass('jp-DossierGraph-chosenFacts');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute(
      'aria-label',
      _options.trans.__('The chosen cell of the graph')
    );
    const { commands, scene } = _options;
    scene.drawn.connect(this.update, this);
    scene.selectedChanged.connect(this.update, this);
    scene.model.changed.connect(this.update, this);
    commands.commandChanged.connect(this.update, this);
  }

  override dispose(): void {
    this._options.commands.commandChanged.disconnect(this.update, this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { scene, trans } = this._options;
    const { selected } = scene;
    const item = selected === null ? null : scene.folded.items.get(selected);
    if (!item) {
      return (
        <p>{trans.__('Choose a cell to see why it stands where it does.')}</p>
      );
    }
    const nodes = scene.nodesOf(item);
    const [number, label] = itemLabel(item, nodes, trans);
    const look = scene.look(item.id);
    const { needs, neededBy } = scene.edgesOf(item.id);
    const { critical } = scene;
    const isCritical = critical?.cells.some(cell => item.cells.includes(cell));
    const why = item.fold ? null : this._why(nodes[0]);
    return (
      <>
        <h3>{item.fold ? label : trans.__('Cell %1: %2', number, label)}</h3>
        <dl>
          <dt>{trans.__('State')}</dt>
          <dd>
            {lookWord(look, trans) || trans.__('not run')}
            {why && <p>{numbered(why)}</p>}
          </dd>
          <dt>{trans.__('Target')}</dt>
          <dd>{look.target ?? trans.__('several')}</dd>
          {look.took !== null && (
            <>
              <dt>{trans.__('Time')}</dt>
              <dd>{took(look.took, trans)}</dd>
            </>
          )}
          {critical && isCritical && (
            <>
              <dt>{trans.__('Critical path')}</dt>
              <dd>
                {trans.__(
                  'on it: %1 cells, %2 of %3',
                  critical.cells.length,
                  took(critical.took, trans),
                  took(critical.total, trans)
                )}
              </dd>
            </>
          )}
          {!item.fold && nodes[0]?.barrier && (
            <>
              <dt>{trans.__('Barrier')}</dt>
              <dd>{numbered(nodes[0].barrier)}</dd>
            </>
          )}
        </dl>
        {this._actions(item)}
        {this._edges(trans.__('Needs'), needs, 'from')}
        {this._edges(trans.__('Needed by'), neededBy, 'to')}
      </>
    );
  }

  private _why(node: IGraphNode | undefined): string | null {
    return node?.stale?.why ?? node?.why ?? null;
  }

  private _actions(item: IItem): JSX.Element {
    const { actions, commands, scene, trans } = this._options;
    const [cell] = item.cells;
    const folds = item.fold ? [item.fold] : scene.foldsOf(cell);
    return (
      <div
        className="jp-DossierGraph-actions"
        role="group"
        aria-label={trans.__('What can be done')}
      >
        {!item.fold &&
          actions.map(({ command, label, args }) => (
            <button
              key={command}
              className="jp-DossierRun-button"
              disabled={!commands.isEnabled(command, args(cell))}
              title={commands.caption(command, args(cell))}
              onClick={() => void commands.execute(command, args(cell))}
            >
              {label(cell)}
            </button>
          ))}
        {folds.map(fold => (
          <button
            key={fold.id}
            className="jp-DossierRun-button"
            onClick={() => void scene.toggle(fold)}
          >
            {scene.isFolded(fold)
              ? trans.__('Unfold')
              : trans.__('Fold %1', foldLabel(fold, fold.cells.length, trans))}
          </button>
        ))}
      </div>
    );
  }

  private _edges(
    title: string,
    edges: readonly IDrawnEdge[],
    end: 'from' | 'to'
  ): JSX.Element | null {
    const { scene, trans } = this._options;
    if (edges.length === 0) {
      return null;
    }
    return (
      <section aria-label={title}>
        <h4>{title}</h4>
        <ul>
          {edges.slice(0, SHOWN_EDGES).map(edge => {
            const item = scene.folded.items.get(edge[end])!;
            const [number, label] = itemLabel(item, scene.nodesOf(item), trans);
            return (
              <li key={edge.key}>
                <button
                  className="jp-DossierGraph-link"
                  onClick={() => scene.select(edge[end])}
                >
                  {number} {label}
                </button>
                <span>
                  {edge.kind === 'order'
                    ? trans.__('order only')
                    : edgeLabel(edge, trans)}
                </span>
                {edge.whys.slice(0, SHOWN_WHYS).map(why => (
                  <p key={why}>{numbered(why)}</p>
                ))}
              </li>
            );
          })}
        </ul>
        {edges.length > SHOWN_EDGES && (
          <p>{trans.__('and %1 more', edges.length - SHOWN_EDGES)}</p>
        )}
      </section>
    );
  }
}

/**
 * A namespace for `ItemFacts` statics.
 */
export namespace ItemFacts {
  export interface IAction {
    command: string;
    label: (cell: string) => string;

    /**
     * The arguments of the command for a cell.
     */
    args: (cell: string) => ReadonlyPartialJSONObject;
  }

  export interface IOptions {
    actions: readonly IAction[];
    commands: CommandRegistry;
    scene: GraphScene;
    trans: TranslationBundle;
  }
}

const SHOWN_EDGES = 30;
const SHOWN_WHYS = 5;
