import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { select } from 'd3-selection';
import { zoom, type ZoomBehavior, zoomIdentity, zoomTransform } from 'd3-zoom';
import React, {
  memo,
  startTransition,
  useEffect,
  useLayoutEffect,
  useMemo,
  useState,
  useSyncExternalStore
} from 'react';

import { numbered } from '../api';
import { staleIcons } from '../stale';
import { stateIcons } from '../ui/icons';
import type { IDrawnEdge, IItem } from './fold';
import { type ILayout, ITEM_HEIGHT, ITEM_WIDTH } from './layout';
import { MARGIN, opening } from './opening';
import { type ILabelled, placeLabels, type Point, pointAt } from './placing';
import type { GraphScene } from './scene';
import {
  edgeLabel,
  isStaleShown,
  itemFacts,
  itemLabel,
  shortened
} from './words';

/**
 * The graph as a picture that can be moved and zoomed. One item has the focus; arrow keys go along
 * edges and layers.
 */
export class GraphDrawing extends ReactWidget {
  constructor(private _options: GraphDrawing.IOptions) {
    super();
    this.addClass('jp-DossierGraph-drawing');
    const { scene } = _options;
    scene.selectedChanged.connect(this._onSelected, this);
    scene.drawn.connect(this._onDrawn, this);
  }

  /**
   * Show all of the graph.
   */
  fitAll(): void {
    const { layout } = this._options.scene;
    const svg = this._svg;
    if (!layout || !svg || svg.clientWidth === 0) {
      return;
    }
    const { clientHeight, clientWidth } = svg;
    const scale = Math.min(
      1,
      (clientWidth - 2 * MARGIN) / Math.max(1, layout.width),
      (clientHeight - 2 * MARGIN) / Math.max(1, layout.height)
    );
    this._move(
      clientWidth / 2 - (scale * layout.width) / 2,
      clientHeight / 2 - (scale * layout.height) / 2,
      scale
    );
  }

  /**
   * Make everything so many times larger.
   */
  zoomBy(factor: number): void {
    if (this._svg) {
      this._isMoved = true;
      select(this._svg).call(this._zoom.scaleBy, factor);
    }
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this._focus();
  }

  protected override onResize(message: Message): void {
    super.onResize(message as never);
    this._show();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._show();
  }

  protected render(): JSX.Element {
    return (
      <Picture {...this._options} onSvg={this._onSvg} onKey={this._onKey} />
    );
  }

  private _onSvg = (svg: SVGSVGElement | null): void => {
    this._svg = svg;
    if (svg) {
      select(svg).call(this._zoom).on('dblclick.zoom', null);
      this._show();
    }
  };

  /**
   * Until the user moves it, show all of the graph where that can be read, else the chosen item and
   * what is around it.
   */
  private _show(): void {
    const { layout, selected } = this._options.scene;
    const svg = this._svg;
    if (this._isMoved || !layout || !svg || svg.clientWidth === 0) {
      return;
    }
    const { needs, neededBy } = this._options.scene.edgesOf(selected ?? '');
    const { scale, x, y } = opening(
      layout,
      { width: svg.clientWidth, height: svg.clientHeight },
      selected,
      new Set([
        ...needs.map(({ from }) => from),
        ...neededBy.map(({ to }) => to)
      ])
    );
    this._move(x, y, scale);
  }

  private _onDrawn(): void {
    this._show();
  }

  private _onSelected(): void {
    const { selected } = this._options.scene;
    if (selected !== null) {
      this._reveal(selected);
    }
  }

  /**
   * Move an item into view, no farther than needed.
   */
  private _reveal(item: string): void {
    const place = this._options.scene.layout?.places.get(item);
    const svg = this._svg;
    if (!place || !svg || svg.clientWidth === 0) {
      return;
    }
    const { k, x, y } = zoomTransform(svg);
    const shift = (at: number, half: number, length: number): number => {
      const low = at - half - MARGIN;
      const high = at + half + MARGIN - length;
      return low < 0 ? -low : high > 0 ? -high : 0;
    };
    const byX = shift(k * place[0] + x, (k * ITEM_WIDTH) / 2, svg.clientWidth);
    const byY = shift(
      k * place[1] + y,
      (k * ITEM_HEIGHT) / 2,
      svg.clientHeight
    );
    if (byX || byY) {
      this._move(x + byX, y + byY, k);
    }
  }

  private _move(x: number, y: number, scale: number): void {
    select(this._svg!).call(
      this._zoom.transform,
      zoomIdentity.translate(x, y).scale(scale)
    );
  }

  private _onKey = (event: React.KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const { onOpen, scene } = this._options;
    const { selected } = scene;
    const to = selected && Private.goal(scene, selected, event.key);
    if (to) {
      scene.select(to);
      this._focus();
    } else if (event.key === 'Enter' && selected) {
      onOpen(scene.folded.items.get(selected)!);
    } else if (event.key === '+' || event.key === '-') {
      this.zoomBy(event.key === '+' ? 1.25 : 0.8);
    } else if (event.key === '0') {
      this.fitAll();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  private _focus(): void {
    const items = this.node.querySelectorAll<SVGGElement>('[role=option]');
    const { selected } = this._options.scene;
    const item = Array.from(items).find(it => it.dataset.item === selected);
    (item ?? items[0])?.focus({ preventScroll: true });
  }

  private _isMoved = false;
  private _svg: SVGSVGElement | null = null;
  private _zoom: ZoomBehavior<SVGSVGElement, unknown> = zoom<
    SVGSVGElement,
    unknown
  >()
    .scaleExtent([0.02, 3])
    .on('zoom', ({ sourceEvent, transform }) => {
      // What was done by hand has an event.
      this._isMoved ||= !!sourceEvent;
      const plane = this._svg?.querySelector<SVGGElement>(
        '.jp-DossierGraph-plane'
      );
      plane?.setAttribute('transform', String(transform));
      this.toggleClass('jp-mod-far', transform.k < READABLE);
    });
}

/**
 * A namespace for `GraphDrawing` statics.
 */
export namespace GraphDrawing {
  export interface IOptions {
    scene: GraphScene;
    trans: TranslationBundle;

    /**
     * Called for the item that the user wants to see at its place.
     */
    onOpen: (item: IItem) => void;
  }
}

/**
 * Below this scale the words of items cannot be read.
 */
const READABLE = 0.45;

/**
 * Up to so many edges each has its label and its own words; else those of the chosen item have.
 */
const LABELLED_EDGES = 40;

interface IPictureProps extends GraphDrawing.IOptions {
  onSvg: (svg: SVGSVGElement | null) => void;
  onKey: (event: React.KeyboardEvent) => void;
}

function Picture(props: IPictureProps): JSX.Element {
  const { onKey, onOpen, onSvg, scene, trans } = props;
  const [, setDrawn] = useState(0);
  useEffect(() => {
    // A large graph is drawn in pieces, between which the page answers.
    const again = () => startTransition(() => setDrawn(count => count + 1));
    scene.drawn.connect(again);
    return () => {
      scene.drawn.disconnect(again);
    };
  }, [scene]);
  const selected = useSelected(scene);
  const { folded, layout } = scene;
  useLayoutEffect(() => {
    if (layout) {
      performance.mark('dossier-graph-drawn');
    }
  }, [layout]);
  const critical = scene.showsCritical ? scene.critical : null;
  const onCritical = useMemo(
    () =>
      new Set(critical?.cells.map(cell => scene.folded.itemOf.get(cell) ?? '')),
    [critical, folded]
  );
  const found = new Set(scene.found.map(({ id }) => id));
  const isSearch = scene.query.trim() !== '';
  return (
    <svg
      ref={onSvg}
      className={isSearch ? 'jp-mod-searching' : ''}
      aria-label={trans.__('Dataflow graph')}
      role="group"
    >
      <g className="jp-DossierGraph-plane">
        {layout && (
          <>
            <Edges edges={folded.edges} layout={layout} />
            <Critical cells={onCritical} edges={folded.edges} layout={layout} />
            <Chosen
              edges={folded.edges}
              layout={layout}
              selected={selected}
              trans={trans}
            />
            <Labels edges={folded.edges} layout={layout} trans={trans} />
            <g
              role="listbox"
              aria-label={trans.__('Cells of the graph')}
              onKeyDown={onKey}
            >
              {Array.from(folded.items.values(), (item, at) => {
                const [x, y] = layout.places.get(item.id) ?? [0, 0];
                return (
                  <Item
                    key={item.id}
                    item={item}
                    x={x}
                    y={y}
                    isSelected={item.id === selected}
                    isFirst={selected === null && at === 0}
                    isCritical={onCritical.has(item.id)}
                    isFound={found.has(item.id)}
                    scene={scene}
                    trans={trans}
                    onOpen={onOpen}
                  />
                );
              })}
            </g>
          </>
        )}
      </g>
    </svg>
  );
}

function useSelected(scene: GraphScene): string | null {
  const [subscribe, snapshot] = useMemo(
    () => [
      (listener: () => void) => {
        scene.selectedChanged.connect(listener);
        return () => {
          scene.selectedChanged.disconnect(listener);
        };
      },
      () => scene.selected
    ],
    [scene]
  );
  return useSyncExternalStore(subscribe, snapshot);
}

interface IItemProps {
  item: IItem;
  x: number;
  y: number;
  isSelected: boolean;
  isFirst: boolean;
  isCritical: boolean;
  isFound: boolean;
  scene: GraphScene;
  trans: TranslationBundle;
  onOpen: (item: IItem) => void;
}

const Item = memo(function Item(props: IItemProps): JSX.Element {
  const { item, scene, trans, x, y } = props;
  const [subscribe, snapshot] = useMemo(
    () => [
      (listener: () => void) => scene.subscribe(item.id, listener),
      () => scene.look(item.id)
    ],
    [item, scene]
  );
  const look = useSyncExternalStore(subscribe, snapshot);
  const nodes = scene.nodesOf(item);
  const [number, label] = itemLabel(item, nodes, trans);
  const facts = itemFacts(look, trans);
  const isStale = isStaleShown(look);
  const icon = isStale
    ? staleIcons[look.stale!]
    : look.state
      ? stateIcons[look.state]
      : null;
  const { height, width } = { height: ITEM_HEIGHT, width: ITEM_WIDTH };
  const classes = [
    'jp-DossierGraph-item',
    item.fold ? 'jp-mod-fold' : '',
    props.isSelected ? 'jp-mod-selected' : '',
    props.isCritical ? 'jp-mod-critical' : '',
    props.isFound ? 'jp-mod-found' : ''
  ];
  return (
    <g
      role="option"
      aria-selected={props.isSelected}
      aria-label={[
        trans.__('Cell %1: %2', number, label),
        facts,
        props.isCritical ? trans.__('on the critical path') : ''
      ]
        .filter(Boolean)
        .join(', ')}
      tabIndex={props.isSelected || props.isFirst ? 0 : -1}
      className={classes.filter(Boolean).join(' ')}
      data-item={item.id}
      data-state={isStale ? '' : (look.state ?? '')}
      data-stale={isStale ? look.stale : ''}
      transform={`translate(${x - width / 2} ${y - height / 2})`}
      onClick={() => scene.select(item.id)}
      onContextMenu={() => scene.select(item.id)}
      onFocus={() => scene.select(item.id)}
      onDoubleClick={() => props.onOpen(item)}
    >
      {item.fold && (
        <rect className="jp-DossierGraph-behind" {...{ width, height }} />
      )}
      <rect className="jp-DossierGraph-box" {...{ width, height }} />
      {icon && (
        <g
          className="jp-DossierGraph-icon"
          transform="translate(8 16)"
          dangerouslySetInnerHTML={{ __html: icon.svgstr }}
        />
      )}
      <text x={30} y={20}>
        {shortened(`${number}  ${label}`, LABEL_LENGTH)}
      </text>
      <text className="jp-DossierGraph-facts" x={30} y={37}>
        {shortened(facts, FACTS_LENGTH)}
      </text>
    </g>
  );
});

const LABEL_LENGTH = 26;
const FACTS_LENGTH = 30;

interface IEdgesProps {
  edges: readonly IDrawnEdge[];
  layout: ILayout;
  trans: TranslationBundle;
}

/**
 * All edges, in two elements: values are solid, order is dashed.
 */
const Edges = memo(function Edges(
  props: Omit<IEdgesProps, 'trans'>
): JSX.Element {
  const { edges, layout } = props;
  const drawn = edges.filter(({ key }) => !layout.implied.has(key));
  const path = (kind: IDrawnEdge['kind']) =>
    drawn
      .filter(edge => edge.kind === kind)
      .map(edge => Private.path(edge, layout))
      .join('');
  return (
    <g aria-hidden="true">
      <path className="jp-DossierGraph-edge" d={path('value')} />
      <path className="jp-DossierGraph-edge jp-mod-order" d={path('order')} />
    </g>
  );
});

/**
 * What goes along each edge of a small graph, and why, where a pointer rests on it.
 */
const Labels = memo(function Labels(props: IEdgesProps): JSX.Element {
  const { edges, layout, trans } = props;
  const labelled = Private.labelled(edges, layout, trans);
  const places = placeLabels(labelled, layout.places.values());
  const named = new Map(labelled.map(label => [label.key, label]));
  return (
    <g aria-hidden="true">
      {edges
        .filter(({ key }) => named.has(key))
        .map(edge => (
          <g
            key={edge.key}
            className={`jp-DossierGraph-named${places.has(edge.key) ? '' : ' jp-mod-crowded'}`}
          >
            <title>{edge.whys.map(numbered).join('\n')}</title>
            <path d={Private.path(edge, layout)} />
            <EdgeLabel
              label={named.get(edge.key)!}
              place={places.get(edge.key)}
            />
          </g>
        ))}
    </g>
  );
});

/**
 * The edges of the item that is chosen, with what goes along.
 */
const Chosen = memo(function Chosen(props: {
  edges: readonly IDrawnEdge[];
  layout: ILayout;
  selected: string | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { edges, layout, selected, trans } = props;
  const own = edges.filter(
    ({ from, key, to }) =>
      (from === selected || to === selected) && !layout.implied.has(key)
  );
  // What has its words already keeps them; the others get them now.
  const all = Private.labelled(edges, layout, trans);
  const items = Array.from(layout.places.values());
  const before = placeLabels(all, items);
  const labels = new Map(
    Private.labelled(own, layout, trans)
      .filter(({ key }) => !before.has(key))
      .map(label => [label.key, label])
  );
  const places = placeLabels(
    Array.from(labels.values()),
    items,
    all
      .filter(({ key }) => before.has(key))
      .map(label => [label, before.get(label.key)!])
  );
  return (
    <g aria-hidden="true">
      {own.map(edge => (
        <g key={edge.key} className="jp-DossierGraph-chosen">
          <path
            className={edge.kind === 'order' ? 'jp-mod-order' : ''}
            d={Private.path(edge, layout)}
          />
          {places.has(edge.key) && (
            <EdgeLabel
              label={labels.get(edge.key)!}
              place={places.get(edge.key)}
            />
          )}
        </g>
      ))}
    </g>
  );
});

const Critical = memo(function Critical(props: {
  cells: ReadonlySet<string>;
  edges: readonly IDrawnEdge[];
  layout: ILayout;
}): JSX.Element {
  const { cells, edges, layout } = props;
  const inOrder = Array.from(cells);
  const steps = new Set(
    inOrder.slice(1).map((cell, at) => `${inOrder[at]} ${cell}`)
  );
  const own = edges.filter(({ from, to }) => steps.has(`${from} ${to}`));
  return (
    <path
      aria-hidden="true"
      className="jp-DossierGraph-critical"
      d={own.map(edge => Private.path(edge, layout)).join('')}
    />
  );
});

/**
 * The words of an edge, at their place; in its middle where they have none.
 */
function EdgeLabel(props: {
  label: ILabelled;
  place: Point | undefined;
}): JSX.Element {
  const { label, place } = props;
  const [x, y] = place ?? pointAt(label.points, 0.5);
  return (
    <text x={x} y={y + 4}>
      {label.words}
    </text>
  );
}

namespace Private {
  /**
   * The points of an edge, from the lower side of an item to the upper side of another.
   */
  export function points(
    { from, key, to }: IDrawnEdge,
    layout: ILayout
  ): Point[] {
    const [fromX, fromY] = layout.places.get(from) ?? [0, 0];
    const [toX, toY] = layout.places.get(to) ?? [0, 0];
    const isDown = toY >= fromY;
    const half = (isDown ? 1 : -1) * (ITEM_HEIGHT / 2);
    const route = layout.routes.get(key)?.slice(1, -1) ?? [];
    return [[fromX, fromY + half], ...route, [toX, toY - half]];
  }

  /**
   * The edges that have words, if there are not too many for any.
   */
  export function labelled(
    edges: readonly IDrawnEdge[],
    layout: ILayout,
    trans: TranslationBundle
  ): ILabelled[] {
    const drawn = edges.filter(({ key }) => !layout.implied.has(key));
    return drawn.length > LABELLED_EDGES
      ? []
      : drawn.map(edge => ({
          key: edge.key,
          points: points(edge, layout),
          words: shortened(edgeLabel(edge, trans), LABEL_LENGTH)
        }));
  }

  export function path(edge: IDrawnEdge, layout: ILayout): string {
    const [[startX, startY], ...others] = points(edge, layout);
    let [lastX, lastY] = [startX, startY];
    let text = `M${Math.round(startX)} ${Math.round(startY)}`;
    for (const [x, y] of others) {
      const middle = Math.round((lastY + y) / 2);
      text += `C${Math.round(lastX)} ${middle} ${Math.round(x)} ${middle} ${Math.round(x)} ${Math.round(y)}`;
      [lastX, lastY] = [x, y];
    }
    return text;
  }

  /**
   * The item to which a key goes: up and down along edges, to the sides in a layer.
   */
  export function goal(
    scene: GraphScene,
    item: string,
    key: string
  ): string | null {
    const ids = Array.from(scene.folded.items.keys());
    const { needs, neededBy } = scene.edgesOf(item);
    const { layout } = scene;
    const place = layout?.places.get(item);
    if (!layout || !place) {
      return null;
    }
    const nearest = (some: string[]): string | null =>
      some
        .map(id => ({ id, at: layout.places.get(id) ?? place }))
        .sort(
          (a, b) =>
            Math.abs(a.at[1] - place[1]) - Math.abs(b.at[1] - place[1]) ||
            Math.abs(a.at[0] - place[0]) - Math.abs(b.at[0] - place[0])
        )[0]?.id ?? null;
    const at = (id: string) => layout.places.get(id) ?? place;
    const beside = (sign: 1 | -1) =>
      ids
        .filter(
          id =>
            Math.abs(at(id)[1] - place[1]) < 1 &&
            sign * (at(id)[0] - place[0]) > 0
        )
        .sort((a, b) => sign * (at(a)[0] - at(b)[0]))[0] ?? null;
    switch (key) {
      case 'ArrowDown':
        return (
          nearest(neededBy.map(({ to }) => to)) ??
          nearest(ids.filter(id => at(id)[1] > place[1]))
        );
      case 'ArrowUp':
        return (
          nearest(needs.map(({ from }) => from)) ??
          nearest(ids.filter(id => at(id)[1] < place[1]))
        );
      case 'ArrowLeft':
        return beside(-1);
      case 'ArrowRight':
        return beside(1);
      case 'Home':
        return ids[0];
      case 'End':
        return ids[ids.length - 1];
      default:
        return null;
    }
  }
}
