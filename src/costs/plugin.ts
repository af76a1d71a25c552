import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IDossierSettings } from '../settings';
import { ITargetsModel } from '../targets';
import { Costs } from './costs';
import { ICosts } from './tokens';

/**
 * Provides the question before runs that cost.
 */
export const costsPlugin: JupyterFrontEndPlugin<ICosts> = {
  id: 'jupyterlab-dossier:costs',
  description:
    'Asks before the first run of a notebook on a target that costs.',
  autoStart: true,
  provides: ICosts,
  requires: [IDossierSettings, ITargetsModel],
  optional: [IStateDB, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    settings: IDossierSettings,
    targets: ITargetsModel,
    state: IStateDB | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    return new Costs({
      ask: async target => (await import('./dialog')).askCostly(target, trans),
      settings,
      state,
      targets
    });
  }
};
