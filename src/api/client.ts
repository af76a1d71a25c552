import type { ServerConnection } from '@jupyterlab/services';

import { EventStream } from './events';
import { ApiError, requestAPI } from './request';
import type { IApiClient, IWhichRuns } from './tokens';
import {
  isRunEnd,
  type CellDetails,
  type Changes,
  type ChangesRequest,
  type Cleaned,
  type Comparison,
  type Delivery,
  type FoundRuns,
  type Loading,
  type LogPage,
  type OpenedInputs,
  type OpenInputsRequest,
  type PreflightRequest,
  type Prepared,
  type PrepareRequest,
  type Problem,
  type RunEvent,
  type RunGraph,
  type RunOutputs,
  type RunRecord,
  type RunRequest,
  type RunStarted,
  type RunsPage,
  type SharedDocument,
  type Storage,
  type Target,
  type Verification
} from './types';

/**
 * The API client over HTTP and websockets.
 */
export class ApiClient implements IApiClient {
  constructor(options: ApiClient.IOptions) {
    this._settings = options.serverSettings;
  }

  async targets(): Promise<Target[]> {
    const { targets } = (await this._get('targets')) as { targets: Target[] };
    if (!Array.isArray(targets)) {
      throw new ApiError('targets', 'mismatch');
    }
    return targets;
  }

  async start(request: RunRequest): Promise<RunStarted> {
    const started = (await this._post('runs', request)) as RunStarted;
    if (typeof started.run !== 'string') {
      throw new ApiError('runs', 'mismatch');
    }
    return { run: started.run, problems: started.problems ?? [] };
  }

  async preflight(request: PreflightRequest): Promise<Problem[]> {
    const { problems } = (await this._post('preflight', request)) as {
      problems: Problem[];
    };
    if (!Array.isArray(problems)) {
      throw new ApiError('preflight', 'mismatch');
    }
    return problems;
  }

  async show(run: string): Promise<RunRecord> {
    return (await this._get(`runs/${encodeURIComponent(run)}`)) as RunRecord;
  }

  async runs(which: IWhichRuns = {}): Promise<RunsPage> {
    const query = new URLSearchParams(
      Object.entries(which).map(([name, value]) => [name, String(value)])
    ).toString();
    const page = (await this._get(
      query ? `runs?${query}` : 'runs'
    )) as RunsPage;
    if (!Array.isArray(page.runs)) {
      throw new ApiError('runs', 'mismatch');
    }
    return page;
  }

  async runGraph(run: string): Promise<RunGraph> {
    return (await this._get(
      `runs/${encodeURIComponent(run)}/graph`
    )) as RunGraph;
  }

  async cell(run: string, cell: string): Promise<CellDetails> {
    return (await this._get(Private.cellPath(run, cell))) as CellDetails;
  }

  async log(
    run: string,
    cell: string,
    attempt?: string,
    after = 0
  ): Promise<LogPage> {
    const query = new URLSearchParams({
      after: String(after),
      ...(attempt ? { attempt } : {})
    });
    return (await this._get(
      `${Private.cellPath(run, cell)}/log?${query.toString()}`
    )) as LogPage;
  }

  async workerLog(
    run: string,
    cell: string,
    attempt?: string
  ): Promise<string> {
    const query = new URLSearchParams(attempt ? { attempt } : {});
    const { text } = (await this._get(
      `${Private.cellPath(run, cell)}/log/worker?${query.toString()}`
    )) as { text?: string };
    return text ?? '';
  }

  async compare(left: string, right: string): Promise<Comparison> {
    return (await this._get(
      `compare?${new URLSearchParams({ left, right }).toString()}`
    )) as Comparison;
  }

  async verify(run: string, outside: boolean): Promise<void> {
    await this._post(`runs/${encodeURIComponent(run)}/verify`, { outside });
  }

  async verification(run: string): Promise<Verification> {
    return (await this._get(
      `runs/${encodeURIComponent(run)}/verify`
    )) as Verification;
  }

  async storage(): Promise<Storage> {
    return (await this._get('storage')) as Storage;
  }

  async clean(days: number): Promise<Cleaned> {
    return (await this._post('storage/clean', { days })) as Cleaned;
  }

  async cancel(run: string): Promise<void> {
    await this._post(`runs/${encodeURIComponent(run)}/cancel`, {});
  }

  async interrupt(run: string, cell: string): Promise<void> {
    await this._post(`runs/${encodeURIComponent(run)}/interrupt`, { cell });
  }

  async kill(run: string, cell: string): Promise<void> {
    await this._post(`runs/${encodeURIComponent(run)}/kill`, { cell });
  }

  async input(run: string, cell: string, value: string): Promise<void> {
    await this._post(`runs/${encodeURIComponent(run)}/input`, { cell, value });
  }

  async prepare(request: PrepareRequest): Promise<Prepared> {
    return (await this._post('kernel/prepare', request)) as Prepared;
  }

  async openInputs(request: OpenInputsRequest): Promise<OpenedInputs> {
    return (await this._post('kernel/inputs', request)) as OpenedInputs;
  }

  async loading(kernel: string, cell: string): Promise<Loading> {
    return (await this._get(
      `kernel/prepare?${new URLSearchParams({ kernel, cell }).toString()}`
    )) as Loading;
  }

  async stopLoading(kernel: string, cell: string): Promise<void> {
    await requestAPI(
      `kernel/prepare?${new URLSearchParams({ kernel, cell }).toString()}`,
      this._settings,
      { method: 'DELETE' }
    );
  }

  async changes(request: ChangesRequest): Promise<Changes> {
    return (await this._post('changes', request)) as Changes;
  }

  async notebook(path: string, id: string | null): Promise<FoundRuns> {
    const query = new URLSearchParams({ path, ...(id ? { id } : {}) });
    const found = (await this._get(
      `notebook?${query.toString()}`
    )) as FoundRuns;
    if (!Array.isArray(found.tasks)) {
      throw new ApiError('notebook', 'mismatch');
    }
    return found;
  }

  async outputs(run: string, cell?: string): Promise<RunOutputs> {
    const query =
      cell === undefined ? '' : `?${new URLSearchParams({ cell }).toString()}`;
    return (await this._get(
      `runs/${encodeURIComponent(run)}/outputs${query}`
    )) as RunOutputs;
  }

  async delivered(run: string, delivery: Delivery): Promise<void> {
    await this._post(`runs/${encodeURIComponent(run)}/delivered`, delivery);
  }

  watch(
    run: string,
    onEvent: (event: RunEvent) => void,
    after = 0,
    shared?: SharedDocument
  ): EventStream {
    return new EventStream({
      run,
      after,
      shared,
      onEvent,
      settings: this._settings,
      end: async () => {
        const { state, seq } = await this.show(run);
        return isRunEnd(state) ? seq : Infinity;
      },
      isFinal: error => error instanceof ApiError && error.kind !== 'offline'
    });
  }

  private async _get(endPoint: string): Promise<object> {
    return Private.asObject(await requestAPI(endPoint, this._settings));
  }

  private async _post(endPoint: string, body: object): Promise<object> {
    return Private.asObject(
      await requestAPI(endPoint, this._settings, {
        method: 'POST',
        body: JSON.stringify(body)
      })
    );
  }

  private _settings: ServerConnection.ISettings;
}

/**
 * A namespace for `ApiClient` statics.
 */
export namespace ApiClient {
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
  }
}

namespace Private {
  /**
   * The end point of a cell in a run.
   */
  export function cellPath(run: string, cell: string): string {
    return `runs/${encodeURIComponent(run)}/cells/${encodeURIComponent(cell)}`;
  }

  /**
   * An empty answer as an object without keys.
   */
  export function asObject(data: unknown): object {
    return typeof data === 'object' && data !== null ? data : {};
  }
}
