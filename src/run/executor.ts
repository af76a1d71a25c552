import { Notification } from '@jupyterlab/apputils';
import type { CodeCell, ICodeCellModel } from '@jupyterlab/cells';
import {
  type INotebookCellExecutor,
  KernelError,
  runCell as runInKernel
} from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ApiError, numbered } from '../api';
import type { ICosts } from '../costs';
import {
  effectiveTarget,
  getTarget,
  hasDossier,
  hasTag,
  KERNEL
} from '../notebook';
import type { ITroubles } from '../troubles';
import { stateWord } from '../ui/words';
import type { ICellEnd } from './follow';
import type { NotebookRuns } from './notebookruns';
import { beginExecution, writeError } from './outputs';
import { recordTiming } from './timing';
import type { IRunManager } from './tokens';

/**
 * Runs the cells of notebooks: where their targets say, in the order they were asked for.
 *
 * A notebook without anything of ours goes straight to the stock executor.
 */
export class CellExecutor implements INotebookCellExecutor {
  constructor(options: CellExecutor.IOptions) {
    this._localPath = options.localPath;
    this._permit = options.permit ?? (() => true);
    this._runs = options.runs;
    this._stock = options.stock ?? runInKernel;
    this._trans = options.trans;
    this._troubles = options.troubles;
  }

  async runCell(
    options: INotebookCellExecutor.IRunCellOptions
  ): Promise<boolean> {
    const { cell, notebook, sessionContext, sessionDialogs } = options;
    if (
      cell.model.type !== 'code' ||
      !sessionContext ||
      sessionContext.isTerminating ||
      !(
        this._runs.find(notebook) ||
        hasDossier(notebook) ||
        hasDossier(cell.model)
      )
    ) {
      return this._stock(options);
    }
    if (sessionContext.hasNoKernel) {
      const shouldSelect = await sessionContext.startKernel();
      if (shouldSelect && sessionDialogs) {
        await sessionDialogs.selectKernel(sessionContext);
      }
      if (sessionContext.hasNoKernel) {
        return this._stock(options);
      }
    }
    return this._enqueue(options as CellExecutor.ICodeOptions);
  }

  private async _enqueue(options: CellExecutor.ICodeOptions): Promise<boolean> {
    const { cell, notebook } = options;
    const model = cell.model as ICodeCellModel;
    const runs = this._runs.open(notebook);
    const once = runs.once.get(model.id);
    runs.once.delete(model.id);
    const target = () => once ?? effectiveTarget(notebook, model);
    if (!once && target() !== KERNEL && hasTag(model, 'skip-execution')) {
      runs.states.set(model.id, {
        state: 'skipped',
        why: this._trans.__('tagged skip-execution')
      });
      options.onCellExecuted({ cell, success: true });
      return true;
    }
    const permitted = this._permit(notebook, target());
    if (permitted === true) {
      beginExecution(model);
    } else {
      // What it shows stays until the user has decided.
      model.executionState = 'running';
    }
    cell.outputHidden = false;
    options.onCellExecutionScheduled({ cell });
    const ran = await runs.queue.add(
      async () => {
        if (!(await permitted) || !(await this._permit(notebook, target()))) {
          runs.queue.drop();
          return null;
        }
        return target() === KERNEL
          ? this._runInKernel(options, runs)
          : this._runElsewhere(options, runs, once);
      },
      { stopOnError: !hasTag(model, 'raises-exception') }
    );
    if (!ran && !cell.isDisposed) {
      model.executionState = 'idle';
      // It is over for who marks busy cells; without an error, since none is this cell's.
      options.onCellExecuted({ cell, success: false });
    }
    return ran ?? false;
  }

  private async _runInKernel(
    options: CellExecutor.ICodeOptions,
    runs: NotebookRuns
  ): Promise<boolean> {
    const { cell, notebook, sessionContext } = options;
    const model = cell.model as ICodeCellModel;
    const mayNeed =
      runs.hasRemoteValues ||
      Array.from(notebook.cells).some(
        other => (getTarget(other) ?? KERNEL) !== KERNEL
      ) ||
      (getTarget(notebook) ?? KERNEL) !== KERNEL;
    if (mayNeed && model.sharedModel.getSource().trim()) {
      try {
        const prepared = await runs.prepareKernel({
          cell: model,
          path: this._localPath(sessionContext.path),
          sessionContext
        });
        if (prepared?.stopped) {
          runs.queue.drop();
          model.executionState = 'idle';
          return false;
        }
        if (prepared?.gone.length) {
          Notification.warning(prepared.gone.join('; '), { autoClose: 10000 });
        }
      } catch (error) {
        // Without a server half nothing was made elsewhere: the cell runs as it always did.
        const isOptional =
          !runs.hasRemoteValues &&
          error instanceof ApiError &&
          error.kind !== 'refused';
        if (!isOptional) {
          return this._fail(options, this._troubles.words(error));
        }
        this._troubles.report(error);
      }
    }
    return this._stock({
      ...options,
      onCellExecutionScheduled: () => undefined
    });
  }

  private async _runElsewhere(
    options: CellExecutor.ICodeOptions,
    runs: NotebookRuns,
    once?: string
  ): Promise<boolean> {
    const { cell, onCellExecuted, sessionContext } = options;
    const model = cell.model as ICodeCellModel;
    if (!model.sharedModel.getSource().trim()) {
      model.executionState = 'idle';
      onCellExecuted({ cell, success: true });
      return true;
    }
    // Asked for twice, the cell has the outputs of the last execution only.
    beginExecution(model);
    let end: ICellEnd;
    let ended: (() => void) | null = null;
    if (options.notebookConfig.recordTiming) {
      ended = recordTiming(model, runs.states);
    } else {
      model.deleteMetadata('execution');
    }
    try {
      await sessionContext.ready;
      end = await runs.runCell({
        cell: model,
        path: this._localPath(sessionContext.path),
        sessionContext,
        target: once
      });
    } catch (error) {
      return this._fail(options, this._troubles.report(error));
    } finally {
      ended?.();
    }
    if (cell.isDisposed) {
      return false;
    }
    model.executionState = 'idle';
    if (end.status === 'ok' || end.state === 'done' || end.state === 'reused') {
      onCellExecuted({ cell, success: true });
      return true;
    }
    if (end.state === 'cancelled' || end.status === 'aborted') {
      runs.queue.drop();
      return false;
    }
    if (end.error) {
      throw this._failed(options, end.error);
    }
    const state = end.state && stateWord(end.state, this._trans);
    return this._fail(options, numbered(end.why ?? state ?? end.status));
  }

  /**
   * Let words stand on a cell that could not run, and fail as a kernel would.
   */
  private _fail(options: CellExecutor.ICodeOptions, words: string): never {
    const model = options.cell.model as ICodeCellModel;
    if (!options.cell.isDisposed) {
      model.executionState = 'idle';
      writeError(model, ERROR_NAME, words);
    }
    throw this._failed(options, {
      ename: ERROR_NAME,
      evalue: words,
      traceback: []
    });
  }

  private _failed(
    { cell, onCellExecuted }: CellExecutor.ICodeOptions,
    content: NonNullable<ICellEnd['error']>
  ): KernelError {
    const error = new KernelError({
      status: 'error',
      execution_count: 0,
      ...content
    } as never);
    onCellExecuted({ cell, success: false, error });
    return error;
  }

  private _localPath: (path: string) => string;
  private _permit: ICosts['permit'];
  private _runs: IRunManager;
  private _stock: INotebookCellExecutor['runCell'];
  private _trans: TranslationBundle;
  private _troubles: ITroubles;
}

/**
 * A namespace for `CellExecutor` statics.
 */
export namespace CellExecutor {
  export interface IOptions {
    /**
     * A path without the name of its drive.
     */
    localPath: (path: string) => string;

    /**
     * Whether a notebook may run on a target, which may cost.
     */
    permit?: ICosts['permit'];
    runs: IRunManager;

    /**
     * What runs a cell in the kernel.
     */
    stock?: INotebookCellExecutor['runCell'];
    trans: TranslationBundle;
    troubles: ITroubles;
  }

  /**
   * The options of a code cell with a session.
   */
  export interface ICodeOptions extends INotebookCellExecutor.IRunCellOptions {
    cell: CodeCell;
    sessionContext: NonNullable<
      INotebookCellExecutor.IRunCellOptions['sessionContext']
    >;
  }
}

/**
 * The name of the error of a cell that could not be sent.
 */
/**
 * The name of the error that stands in a cell that did not run.
 */
export const ERROR_NAME = 'Dossier';
