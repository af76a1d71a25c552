import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { IApiClient } from '../api';
import type { ITargetsModel } from '../targets';
import type { ITroubles } from '../troubles';
import type { RunsModel } from './model';

/**
 * What each part of the side panel is given.
 */
export interface IRunsPanelOptions {
  api: IApiClient;
  commands: CommandRegistry;
  model: RunsModel;
  targets: ITargetsModel;
  tracker: INotebookTracker;
  trans: TranslationBundle;
  translator: ITranslator;
  troubles: ITroubles;
}
