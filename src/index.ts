import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { apiPlugin } from './api/plugin';
import { costsPlugin } from './costs/plugin';
import { dataflowPlugin } from './dataflow/plugin';
import { graphPlugin } from './graph/plugin';
import { indicatorPlugin } from './indicator/plugin';
import { inputsPlugin } from './inputs/plugin';
import { inspectorPlugin } from './inspector/plugin';
import { interruptPlugin } from './interrupt/plugin';
import { notifyPlugin } from './notify/plugin';
import { outputPlugin } from './output/plugin';
import { attachPlugin, executorPlugin, runsPlugin } from './run/plugin';
import { runsPanelPlugin } from './runs/plugin';
import { settingsPlugin } from './settings/plugin';
import { stripPlugin } from './strip/plugin';
import { targetsPlugin } from './targets/plugin';
import { troublesPlugin } from './troubles/plugin';
import { widgetsPlugin } from './widgets/plugin';
import { commandsPlugin } from './workflow/plugin';

export { IApiClient } from './api';
export { ICosts } from './costs';
export { IDataflow } from './dataflow';
export { IRunManager } from './run';
export { IDossierSettings } from './settings';
export { ITargetsModel } from './targets';
export { ITroubles } from './troubles';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  apiPlugin,
  settingsPlugin,
  troublesPlugin,
  targetsPlugin,
  costsPlugin,
  runsPlugin,
  dataflowPlugin,
  executorPlugin,
  attachPlugin,
  notifyPlugin,
  outputPlugin,
  interruptPlugin,
  indicatorPlugin,
  stripPlugin,
  widgetsPlugin,
  inputsPlugin,
  inspectorPlugin,
  runsPanelPlugin,
  graphPlugin,
  commandsPlugin
];

export default plugins;
