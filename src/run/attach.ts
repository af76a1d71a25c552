import type { ICodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import {
  ApiError,
  type FoundRuns,
  type IApiClient,
  isTaskEnd,
  RUN_SCHEMA
} from '../api';
import { codeCells, notebookId, renewNotebookId } from '../notebook';
import type { ITroubles } from '../troubles';
import { inputRequest } from './follow';
import type { NotebookRuns } from './notebookruns';

/**
 * Brings an open notebook and its runs together: those from before the page was loaded, and those
 * that another page or the command line begins.
 */
export class Attachment implements IDisposable {
  constructor(private _options: Attachment.IOptions) {
    const { context, events, runs } = _options;
    runs.deliveries.watch(context);
    events.stream.connect(this._onEvent, this);
    this._sync();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /**
   * Look again when a run of this notebook is told that this page does not know.
   */
  private _onEvent(_: Event.IManager, event: Event.Emission): void {
    const { schema_id, path, run } = event as unknown as Record<string, string>;
    if (
      schema_id === RUN_SCHEMA &&
      path === this._options.context.localPath &&
      !this._seen.has(run)
    ) {
      this._seen.add(run);
      this._options.runs
        .knows(run)
        .then(known => known || this._sync(), console.error);
    }
  }

  /**
   * Look for runs, one look at a time.
   */
  private _sync(): void {
    this._looking = this._looking.then(async () => {
      try {
        await this._look();
      } catch (error) {
        if (error instanceof ApiError && error.kind !== 'refused') {
          this._options.troubles.report(error);
        } else {
          console.error(error);
        }
      }
    });
  }

  private async _look(): Promise<void> {
    const { api, context, model } = this._options;
    if (this._isDisposed) {
      return;
    }
    const found = await api.notebook(context.localPath, notebookId(model));
    if (this._isDisposed) {
      return;
    }
    if (found.copy) {
      renewNotebookId(model);
      return;
    }
    const cells = this._writable(found);
    const kinds = new Map(found.runs.map(({ run, kind }) => [run, kind]));
    for (const run of new Set([
      ...Array.from(cells.values(), ({ run }) => run),
      ...kinds.keys()
    ])) {
      await this._take(run, kinds.get(run) ?? null, cells);
    }
  }

  /**
   * Show the states, and say which cells the outputs of their last task go to.
   */
  private _writable(found: FoundRuns): Map<string, Attachment.IPlace> {
    const { model, runs, trans } = this._options;
    const models = codeCells(model);
    const places = new Map<string, Attachment.IPlace>();
    for (const { cell: id, run, saved, source, state, why } of found.tasks) {
      const cell = models.get(id);
      if (!cell || this._taken.get(id) === run) {
        continue;
      }
      const isEdited = cell.sharedModel.getSource() !== source;
      runs.states.set(id, {
        run,
        state,
        why: isEdited ? trans.__('the cell was edited since it ran') : why
      });
      if (!isEdited && !(saved && isTaskEnd(state))) {
        places.set(id, { cell, run, source });
      }
      this._taken.set(id, run);
    }
    return places;
  }

  /**
   * Write what the cells of a run show, and follow it where it goes on.
   */
  private async _take(
    run: string,
    kind: 'workflow' | 'cell' | null,
    places: Map<string, Attachment.IPlace>
  ): Promise<void> {
    const { api, model, runs } = this._options;
    if (!(await runs.claim(run))) {
      return;
    }
    const { seq, cells } = await api.outputs(run).catch(error => {
      runs.disclaim(run);
      throw error;
    });
    // It is taken on for all views of the notebook, this one may be closed meanwhile.
    if (model.isDisposed) {
      return;
    }
    const cell = (id: string): ICodeCellModel | null => {
      const place = places.get(id);
      return place?.run === run &&
        !place.cell.isDisposed &&
        place.cell.sharedModel.getSource() === place.source
        ? place.cell
        : null;
    };
    const isShared = model.collaborative;
    for (const [id, shown] of Object.entries(cells)) {
      const found = cell(id);
      if (found && isShared) {
        // Whoever is told to write restores what is missing.
        runs.deliveries.begin(run, found);
      } else if (found) {
        runs.restore(run, found, shown, seq);
      }
    }
    if (kind === null && !isShared) {
      runs.deliveries.end(run);
      return;
    }
    const asking = new Map<string, NotebookRuns.IInputRequest>();
    for (const [id, { input }] of Object.entries(cells)) {
      if (kind !== null && input) {
        asking.set(id, inputRequest(input));
      }
    }
    runs
      .rejoin({
        run,
        kind: kind ?? 'workflow',
        after: seq,
        asking,
        begun: Object.keys(cells),
        cell
      })
      .catch(error => this._options.troubles.report(error));
  }

  private _isDisposed = false;
  private _looking: Promise<void> = Promise.resolve();
  private _seen = new Set<string>();

  /**
   * The runs whose word on a cell was taken already.
   */
  private _taken = new Map<string, string>();
}

/**
 * A namespace for `Attachment` statics.
 */
export namespace Attachment {
  export interface IOptions {
    api: IApiClient;
    context: DocumentRegistry.Context;
    events: Event.IManager;
    model: INotebookModel;
    runs: NotebookRuns;
    trans: TranslationBundle;
    troubles: ITroubles;
  }

  /**
   * A cell that outputs of a run go to while it has the source that ran.
   */
  export interface IPlace {
    cell: ICodeCellModel;
    run: string;
    source: string | null;
  }
}
