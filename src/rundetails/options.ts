import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { IApiClient, RunRecord } from '../api';
import type { ITroubles } from '../troubles';
import type { RunModel } from './model';

/**
 * What the view of a run is made of.
 */
export interface IRunOptions {
  api: IApiClient;
  commands: CommandRegistry;
  languages: IEditorLanguageRegistry | null;

  /**
   * Called with what is known of the run, each time it changed.
   */
  onRecord: (record: RunRecord) => void;
  rendermime: IRenderMimeRegistry;
  run: string;
  trans: TranslationBundle;
  troubles: ITroubles;
}

/**
 * What each part of the view is given.
 */
export interface IRunViewOptions extends IRunOptions {
  model: RunModel;
}
