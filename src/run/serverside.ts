import { URLExt } from '@jupyterlab/coreutils';
import {
  type INotebookCellExecutor,
  KernelError,
  runCell as runInKernel
} from '@jupyterlab/notebook';
import type * as nbformat from '@jupyterlab/nbformat';
import { ServerConnection } from '@jupyterlab/services';

import { sharedDocument } from '../notebook';
import { beginExecution } from './outputs';

/**
 * Runs the kernel's cells of a shared document as jupyter-collaboration's server-side execution
 * does: the server asks the kernel and writes into the document.
 *
 * Its own executor cannot stand beside ours, since JupyterLab knows one executor only.
 */
export class ServerSideExecutor implements INotebookCellExecutor {
  constructor(private _options: ServerSideExecutor.IOptions) {}

  async runCell(
    options: INotebookCellExecutor.IRunCellOptions
  ): Promise<boolean> {
    const { cell, notebook, sessionContext } = options;
    const kernel = sessionContext?.session?.kernel?.id;
    const document = notebook.sharedModel.getState('document_id');
    if (
      cell.model.type !== 'code' ||
      !kernel ||
      typeof document !== 'string' ||
      !sharedDocument(notebook)
    ) {
      return runInKernel(options);
    }
    const { onCellExecuted, onCellExecutionScheduled } = options;
    const model = cell.model as Parameters<typeof beginExecution>[0];
    const code = model.sharedModel.getSource();
    if (!code.trim()) {
      model.clearExecution();
      onCellExecuted({ cell, success: true });
      return true;
    }
    beginExecution(model);
    onCellExecutionScheduled({ cell });
    try {
      const reply = await this._execute(kernel, {
        code,
        metadata: { cell_id: cell.model.id, document_id: document },
        cell_id: cell.model.id,
        document_id: document
      });
      if (reply.status !== 'error') {
        onCellExecuted({ cell, success: true });
        return true;
      }
      throw new KernelError(reply as never);
    } catch (error) {
      onCellExecuted({ cell, success: false, error: error as KernelError });
      throw error;
    } finally {
      if (!cell.isDisposed) {
        model.executionState = 'idle';
      }
    }
  }

  /**
   * Ask for an execution and wait for its end.
   */
  private async _execute(
    kernel: string,
    body: object
  ): Promise<{ status: string }> {
    const place = `api/kernels/${kernel}`;
    let response = await this._request(`${place}/execute`, body);
    const location = response.headers.get('Location');
    while (response.status === 202 && location) {
      await new Promise(resolve => setTimeout(resolve, POLL));
      response = await this._request(location);
      if (response.status === 300) {
        const { input_request } = await response.json();
        const value = await this._options.askInput(input_request);
        await this._request(`${place}/input`, { input: value ?? '' });
        response = await this._request(location);
      }
    }
    const reply = await response.json().catch(() => ({}));
    if (!response.ok && !reply.error) {
      throw new ServerConnection.ResponseError(response, reply.message);
    }
    if (reply.status !== 'error' && !reply.error) {
      return { status: 'ok' };
    }
    const outputs = JSON.parse(reply.outputs ?? '[]') as nbformat.IOutput[];
    const error = outputs.find(({ output_type }) => output_type === 'error');
    return { ...error, status: 'error' };
  }

  private _request(path: string, body?: object): Promise<Response> {
    const { settings } = this._options;
    return ServerConnection.makeRequest(
      URLExt.join(settings.baseUrl, path.replace(/^.*\/api\//, 'api/')),
      body ? { method: 'POST', body: JSON.stringify(body) } : {},
      settings
    );
  }
}

/**
 * A namespace for `ServerSideExecutor` statics.
 */
export namespace ServerSideExecutor {
  export interface IOptions {
    askInput: (request: {
      prompt: string;
      password: boolean;
    }) => Promise<string | null>;
    settings: ServerConnection.ISettings;
  }
}

/**
 * Milliseconds between two questions whether an execution has ended.
 */
const POLL = 200;
