import { MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { type Message, MessageLoop } from '@lumino/messaging';
import { BoxPanel, Panel, Widget } from '@lumino/widgets';

import type { ITroubles } from '../troubles';
import { toolbarButton } from '../ui/toolbar';
import { TurningSplit } from '../ui/turningsplit';
import { GraphDrawing } from './drawing';
import { ItemFacts } from './facts';
import type { IFold, IItem } from './fold';
import { GraphCommandIDs } from './ids';
import type { GraphScene } from './scene';
import { GraphSearch } from './search';
import { GraphTable } from './table';
import { foldLabel } from './words';

/**
 * A graph as a drawing or a table, beside what is known of the item that is chosen.
 */
export class GraphView extends BoxPanel {
  constructor(private _options: GraphView.IOptions) {
    super({ direction: 'top-to-bottom', spacing: 0 });
    this.addClass('jp-DossierGraph');
    const { onOpen, scene, trans } = _options;
    const open = (item: IItem) => {
      if (item.fold) {
        void scene.toggle(item.fold);
      } else {
        onOpen(item.cells[0]);
      }
    };
    this.drawing = new GraphDrawing({ scene, trans, onOpen: open });
    this._table = new GraphTable({ scene, trans, onOpen: open });
    this._table.hide();
    this._notice.addClass('jp-DossierGraph-notice');
    this._notice.node.setAttribute('role', 'status');
    const picture = new Panel();
    picture.addClass('jp-DossierGraph-picture');
    picture.addWidget(this.drawing);
    picture.addWidget(this._table);
    this._split.addWidget(picture);
    this._split.addWidget(new ItemFacts(_options));
    this._split.setRelativeSizes([3, 1]);
    const search = new GraphSearch({ scene, trans });
    this.addWidget(search);
    this.addWidget(this._notice);
    BoxPanel.setStretch(search, 0);
    this.addWidget(this._split);
    BoxPanel.setStretch(this._notice, 0);
    BoxPanel.setStretch(this._split, 1);
    scene.drawn.connect(this._onDrawn, this);
    scene.model.changed.connect(this._onDrawn, this);
    this._onDrawn();
  }

  readonly drawing: GraphDrawing;

  get scene(): GraphScene {
    return this._options.scene;
  }

  /**
   * Whether the graph is shown as a table.
   */
  get isTable(): boolean {
    return !this._table.isHidden;
  }
  set isTable(isTable: boolean) {
    this._table.setHidden(!isTable);
    this.drawing.setHidden(isTable);
    MessageLoop.sendMessage(
      isTable ? this._table : this.drawing,
      Widget.Msg.ActivateRequest
    );
  }

  /**
   * What a fold is called.
   */
  labelOf(fold: IFold): string {
    return foldLabel(fold, fold.cells.length, this._options.trans);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.scene.dispose();
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    MessageLoop.sendMessage(this.isTable ? this._table : this.drawing, message);
  }

  private _onDrawn(): void {
    const { scene, trans, troubles } = this._options;
    const error = scene.error ?? scene.model.error;
    const words = error
      ? troubles.words(error)
      : !scene.layout
        ? trans.__('Looking at the notebook…')
        : scene.model.nodes.size === 0
          ? trans.__('The notebook has no code cells yet.')
          : '';
    this._notice.node.textContent = words;
    this._notice.setHidden(words === '');
  }

  private _notice = new Widget();
  private _split = new TurningSplit(NARROW);
  private _table: GraphTable;
}

/**
 * A namespace for `GraphView` statics.
 */
export namespace GraphView {
  export interface IOptions extends Pick<
    ItemFacts.IOptions,
    'actions' | 'commands'
  > {
    scene: GraphScene;
    trans: TranslationBundle;
    troubles: ITroubles;

    /**
     * Called for the cell that the user wants to see at its place.
     */
    onOpen: (cell: string) => void;
  }
}

/**
 * Below this width, in pixels, what is known of the chosen item stands below the picture.
 */
const NARROW = 640;

/**
 * A graph in the main area, with a toolbar.
 */
export function newGraphWidget(
  view: GraphView,
  commands: CommandRegistry,
  trans: TranslationBundle
): MainAreaWidget<GraphView> {
  const widget = new MainAreaWidget({ content: view });
  widget.toolbar.node.setAttribute('aria-label', trans.__('Graph'));
  const labels: [string, string][] = [
    [GraphCommandIDs.fit, trans.__('Fit')],
    [GraphCommandIDs.zoomIn, '+'],
    [GraphCommandIDs.zoomOut, '−'],
    [GraphCommandIDs.fold, trans.__('Fold…')],
    [GraphCommandIDs.critical, trans.__('Critical Path')],
    [GraphCommandIDs.table, trans.__('Table')]
  ];
  for (const [id, label] of labels) {
    widget.toolbar.addItem(id, toolbarButton(commands, id, label));
  }
  return widget;
}
