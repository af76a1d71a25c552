import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { numbered } from './numbered';
import type { Problem } from './types';
import { VERSION } from './version';

/**
 * Where the server extension's API stands below the server's base URL.
 */
export const API_PATH = 'dossier/api';

/**
 * Why a request failed, in words for the user.
 */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly kind: ApiError.Kind,
    readonly field: string | null = null,
    readonly problems: readonly Problem[] = []
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/**
 * A namespace for `ApiError` statics.
 */
export namespace ApiError {
  /**
   * - `refused`: the server extension answered, and said no;
   * - `missing`: nobody answers at the API's place: the server half is not installed or not enabled;
   * - `mismatch`: what answers is not the server half that this front end was made with;
   * - `offline`: the server, or what stands before it, cannot be reached for now.
   */
  export type Kind = 'refused' | 'missing' | 'mismatch' | 'offline';
}

/**
 * The header of every answer that names the version of the server half.
 */
export const VERSION_HEADER = 'X-Dossier-Version';

/**
 * Whether a server half of this version speaks another API; patches do not change it.
 */
export function isOther(version: string | null): boolean {
  const line = (text: string) => text.split('.').slice(0, 2).join('.');
  return version !== null && line(version) !== line(VERSION);
}

/**
 * Call the server extension.
 *
 * @param endPoint - the path below `dossier/api`
 * @param settings - the server to ask
 * @param init - the request's method and body
 * @returns the parsed body, `null` where there is none
 */
export async function requestAPI(
  endPoint: string,
  settings: ServerConnection.ISettings,
  init: RequestInit = {}
): Promise<unknown> {
  const url = URLExt.join(settings.baseUrl, API_PATH) + '/' + endPoint;
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
  } catch (error) {
    throw new ApiError(String((error as Error).message ?? error), 'offline');
  }
  if (isOther(response.headers.get(VERSION_HEADER))) {
    throw new ApiError(url, 'mismatch');
  }
  const text = await response.text();
  let data: unknown = null;
  let isJSON = true;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    isJSON = false;
  }
  if (response.ok) {
    if (!isJSON) {
      throw new ApiError(url, 'mismatch');
    }
    return data;
  }
  const body = (data ?? {}) as {
    message?: unknown;
    field?: unknown;
    problems?: unknown;
  };
  // Our errors always say something; Jupyter's own 404 has no words, or is a page.
  const words = typeof body.message === 'string' ? body.message : '';
  if (response.status === 404 && (!words || words === 'Not Found')) {
    throw new ApiError(url, 'missing');
  }
  if ([502, 503, 504].includes(response.status)) {
    throw new ApiError(words || `${response.status}`, 'offline');
  }
  throw new ApiError(
    numbered(words) || `${response.status} ${response.statusText}`,
    'refused',
    typeof body.field === 'string' ? body.field : null,
    Array.isArray(body.problems) ? (body.problems as Problem[]) : []
  );
}
