import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { type Message, MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import React from 'react';

import { focusRow, goByKey } from '../ui/rovingrows';
import { took } from '../ui/words';
import type { IItem } from './fold';
import type { GraphScene } from './scene';
import { edgeLabel, itemLabel, lookWord } from './words';

/**
 * The graph as a table, with all that the drawing tells. One row is chosen; arrow keys choose
 * another.
 */
export class GraphTable extends ReactWidget {
  constructor(private _options: GraphTable.IOptions) {
    super();
    this.addClass('jp-DossierGraph-table');
    const { scene } = _options;
    scene.drawn.connect(this.update, this);
    scene.selectedChanged.connect(this.update, this);
    scene.model.changed.connect(this.update, this);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    // It may have been shown just now.
    MessageLoop.sendMessage(this, Widget.Msg.UpdateRequest);
    void this.renderPromise?.then(() => this._focus());
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected render(): JSX.Element {
    // A thousand rows that nobody sees would cost as much as those that are seen.
    if (!this.isVisible) {
      return <></>;
    }
    const { scene, trans } = this._options;
    const found = new Set(scene.found.map(({ id }) => id));
    const items = Array.from(scene.folded.items.values()).filter(
      ({ id }) => scene.query.trim() === '' || found.has(id)
    );
    return (
      <table aria-label={trans.__('Cells of the graph')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Cell')}</th>
            <th scope="col">{trans.__('State')}</th>
            <th scope="col">{trans.__('Target')}</th>
            <th scope="col">{trans.__('Time')}</th>
            <th scope="col">{trans.__('Needs')}</th>
          </tr>
        </thead>
        <tbody onKeyDown={event => this._onKey(event, items)}>
          {items.map((item, at) => this._row(item, at === 0))}
        </tbody>
      </table>
    );
  }

  private _row(item: IItem, isFirst: boolean): JSX.Element {
    const { scene, trans } = this._options;
    const look = scene.look(item.id);
    const [number, label] = itemLabel(item, scene.nodesOf(item), trans);
    const isSelected = item.id === scene.selected;
    const isCritical =
      scene.showsCritical &&
      !!scene.critical?.cells.some(cell => item.cells.includes(cell));
    const needs = scene.edgesOf(item.id).needs.map(edge => {
      const from = scene.folded.items.get(edge.from)!;
      const [other] = itemLabel(from, scene.nodesOf(from), trans);
      const words = edgeLabel(edge, trans);
      return edge.kind === 'order'
        ? trans.__('%1 (order)', other)
        : `${other} (${words})`;
    });
    return (
      <tr
        key={item.id}
        className={isSelected ? 'jp-mod-selected' : ''}
        onClick={() => scene.select(item.id)}
      >
        <td>
          <button
            aria-current={isSelected}
            tabIndex={isSelected || (isFirst && !scene.selected) ? 0 : -1}
            data-row={item.id}
            onFocus={() => scene.select(item.id)}
            onDoubleClick={() => this._options.onOpen(item)}
          >
            <span className="jp-DossierRun-number">{number}</span>
            {label}
          </button>
        </td>
        <td>
          {lookWord(look, trans)}
          {isCritical && ` · ${trans.__('critical path')}`}
        </td>
        <td>{look.target ?? ''}</td>
        <td>{look.took !== null ? took(look.took, trans) : ''}</td>
        <td>{needs.join(', ')}</td>
      </tr>
    );
  }

  private _onKey(event: React.KeyboardEvent, items: readonly IItem[]): void {
    const { onOpen, scene } = this._options;
    const { selected } = scene;
    const ids = items.map(({ id }) => id);
    if (goByKey(event, ids, selected, id => scene.select(id))) {
      this._focus();
    } else if (event.key === 'Enter') {
      const item = items.find(({ id }) => id === selected);
      if (item) {
        event.preventDefault();
        onOpen(item);
      }
    }
  }

  private _focus(): void {
    focusRow(this.node, this._options.scene.selected);
  }
}

/**
 * A namespace for `GraphTable` statics.
 */
export namespace GraphTable {
  export interface IOptions {
    scene: GraphScene;
    trans: TranslationBundle;

    /**
     * Called for the item that the user wants to see at its place.
     */
    onOpen: (item: IItem) => void;
  }
}
