import { MainAreaWidget } from '@jupyterlab/apputils';
import { PathExt, Time } from '@jupyterlab/coreutils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { type Message, MessageLoop } from '@lumino/messaging';
import { BoxPanel, SplitPanel } from '@lumino/widgets';
import React from 'react';

import { numbered } from '../api';
import { GraphDrawing, GraphScene, Layouter, newLayoutWorker } from '../graph';
import { RunCommandIDs } from '../ui/commandids';
import { runsIcon } from '../ui/icons';
import { State } from '../ui/state';
import { toolbarButton } from '../ui/toolbar';
import { TurningSplit } from '../ui/turningsplit';
import { took } from '../ui/words';
import { VerificationModel, VerificationView } from '../verify';
import { CellView } from './cell';
import { RunGraphModel } from './graph';
import { RunModel } from './model';
import type { IRunOptions, IRunViewOptions } from './options';
import { TaskTable } from './table';

/**
 * The view of a run in the main area.
 */
export function openRun(options: IRunOptions): MainAreaWidget<RunView> {
  const { commands, run, trans } = options;
  const model = new RunModel(options);
  const content = new RunView({ ...options, model });
  const view = new MainAreaWidget({ content });
  view.title.icon = runsIcon;
  view.title.label = trans.__('Run');
  view.title.caption = trans.__('Run %1', run);
  view.title.closable = true;
  model.changed.connect(() => {
    if (model.record) {
      options.onRecord(model.record);
      const name = PathExt.basename(model.record.path);
      view.title.label = trans.__('Run of %1', name);
      view.title.caption = `${model.record.path}\n${run}`;
    }
  });
  view.toolbar.node.setAttribute('aria-label', trans.__('Run'));
  const items: [string, string, string][] = [
    ['again', RunCommandIDs.runAgain, trans.__('Run Again')],
    ['compare', RunCommandIDs.compareRuns, trans.__('Compare…')],
    ['verify', RunCommandIDs.verifyRun, trans.__('Verify…')],
    ['notebook', RunCommandIDs.openNotebook, trans.__('Notebook')],
    ['copy', RunCommandIDs.copyRunId, trans.__('Copy Id')],
    ['cancel', RunCommandIDs.cancelRun, trans.__('Cancel')]
  ];
  for (const [name, id, label] of items) {
    view.toolbar.addItem(name, toolbarButton(commands, id, label, { run }));
  }
  void model.load();
  content.verification.refresh();
  return view;
}

/**
 * A run: what it was, its cells, and one of them in detail.
 */
export class RunView extends BoxPanel {
  constructor(options: IRunViewOptions) {
    super({ direction: 'top-to-bottom', spacing: 0 });
    this.addClass('jp-DossierRun');
    this._model = options.model;
    this.verification = new VerificationModel(options);
    const head = new RunHead(options);
    const verdicts = new VerificationView({
      ...options,
      model: this.verification
    });
    const split = new TurningSplit(NARROW);
    this._layouter = new Layouter(newLayoutWorker, options.trans);
    this._table = new TaskTable(options);
    this._scene = new GraphScene({
      model: new RunGraphModel(options.model),
      layOut: input => this._layouter.layOut(input)
    });
    const drawing = new GraphDrawing({
      scene: this._scene,
      trans: options.trans,
      onOpen: ({ fold }) => fold && void this._scene.toggle(fold)
    });
    const cells = new SplitPanel({ orientation: 'vertical', spacing: 1 });
    cells.addClass('jp-DossierRun-cells');
    cells.addWidget(drawing);
    cells.addWidget(this._table);
    split.addWidget(cells);
    split.addWidget((this._cell = new CellView(options)));
    split.setRelativeSizes([2, 3]);
    this.addWidget(head);
    this.addWidget(verdicts);
    this.addWidget(split);
    BoxPanel.setStretch(head, 0);
    BoxPanel.setStretch(verdicts, 0);
    BoxPanel.setStretch(split, 1);
  }

  /**
   * Show what a cell said.
   */
  showLog(cell: string): void {
    this._model.select(cell);
    this._cell.shown = this._cell.tabs.length - 1;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._scene.dispose();
    this._layouter.dispose();
    this._model.dispose();
    this.verification.dispose();
    super.dispose();
  }

  /**
   * What came of executing the run again.
   */
  readonly verification: VerificationModel;

  protected override onActivateRequest(message: Message): void {
    MessageLoop.sendMessage(this._table, message);
  }

  private _cell: CellView;
  private _layouter: Layouter;
  private _model: RunModel;
  private _scene: GraphScene;
  private _table: TaskTable;
}

/**
 * Below this width, in pixels, the cell stands below the table instead of beside it.
 */
const NARROW = 720;

/**
 * The run in a line.
 */
class RunHead extends ReactWidget {
  constructor(private _options: IRunViewOptions) {
    super();
    this.addClass('jp-DossierRun-head');
    _options.model.changed.connect(this.update, this);
  }

  override dispose(): void {
    this._observer.disconnect();
    super.dispose();
  }

  protected render(): JSX.Element {
    return <div ref={this._onContent}>{this._content()}</div>;
  }

  private _content(): JSX.Element {
    const { model, trans, troubles } = this._options;
    const { error, record } = model;
    if (error) {
      return <p role="alert">{troubles.words(error)}</p>;
    }
    if (!record) {
      return <p role="status">{trans.__('Asking for the run…')}</p>;
    }
    const { created, ended, kind, path, state, tasks, why } = record;
    const over = tasks.filter(task => task.ended !== null).length;
    const began = new Date(1000 * created);
    return (
      <>
        <h2>
          {kind === 'workflow'
            ? trans.__('Workflow run of %1', PathExt.basename(path))
            : trans.__('A cell of %1', PathExt.basename(path))}
        </h2>
        <p role="status">
          <State state={state} trans={trans} />
          <span>
            {ended === null
              ? trans.__('%1 of %2 cells', over, tasks.length)
              : trans._n('%1 cell', '%1 cells', tasks.length)}
          </span>
          <span title={Time.format(began)}>{Time.formatHuman(began)}</span>
          {ended !== null && (
            <span>{trans.__('took %1', took(ended - created, trans))}</span>
          )}
          {why && <span>{numbered(why)}</span>}
        </p>
      </>
    );
  }

  /**
   * A box gives what is in it the height that it was told: where words wrap, that is another.
   */
  private _onContent = (content: HTMLElement | null): void => {
    this._observer.disconnect();
    if (content) {
      this._observer.observe(content);
    }
  };

  private _observer = new ResizeObserver(([{ target }]) => {
    const border = this.node.offsetHeight - this.node.clientHeight;
    BoxPanel.setSizeBasis(this, (target as HTMLElement).offsetHeight + border);
  });
}
