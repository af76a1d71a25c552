import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  type MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IApiClient } from '../api';
import { IRunManager } from '../run';
import type { RunView } from '../rundetails';
import { ITargetsModel } from '../targets';
import { ITroubles } from '../troubles';
import { RunCommandIDs } from '../ui/commandids';
import { runsIcon } from '../ui/icons';
import { addRunCommands, COMPARISON_ID } from './commands';
import { KnownRuns } from './known';
import type { RunsPanel } from './panel';
import { LazyPlace } from './place';

/**
 * The side panel of targets and runs, and what can be done with runs.
 */
export const runsPanelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dossier:runs-panel',
  description: 'Shows targets and past runs, and opens runs.',
  autoStart: true,
  requires: [
    IApiClient,
    INotebookTracker,
    IRenderMimeRegistry,
    IRunManager,
    ITargetsModel,
    ITroubles
  ],
  optional: [
    ICommandPalette,
    IEditorLanguageRegistry,
    ILayoutRestorer,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    api: IApiClient,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    manager: IRunManager,
    targets: ITargetsModel,
    troubles: ITroubles,
    palette: ICommandPalette | null,
    languages: IEditorLanguageRegistry | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyterlab_dossier');
    const views = new WidgetTracker<MainAreaWidget<RunView>>({
      namespace: 'dossier-runs'
    });
    const comparisons = new WidgetTracker<MainAreaWidget>({
      namespace: 'dossier-comparisons'
    });
    const known = new KnownRuns(() => {
      for (const id of [
        RunCommandIDs.cancelRun,
        RunCommandIDs.runAgain,
        RunCommandIDs.verifyRun
      ]) {
        app.commands.notifyCommandChanged(id);
      }
    });
    const place: LazyPlace<RunsPanel> = new LazyPlace(async () => {
      const [{ RunsModel }, { RunsPanel }] = await Promise.all([
        import('./model'),
        import('./panel')
      ]);
      const model = new RunsModel({
        api,
        events: app.serviceManager.events,
        isShown: () => place.isVisible
      });
      let hadOlder = false;
      model.changed.connect(() => {
        known.note(model.runs ?? []);
        if (model.hasOlder !== hadOlder) {
          hadOlder = model.hasOlder;
          app.commands.notifyCommandChanged(RunCommandIDs.showOlderRuns);
        }
      });
      return new RunsPanel({
        api,
        commands: app.commands,
        model,
        targets,
        tracker,
        trans,
        translator: translator ?? nullTranslator,
        troubles
      });
    });
    place.id = 'dossier-runs';
    place.title.icon = runsIcon;
    place.title.caption = trans.__('Targets and Runs');
    place.node.setAttribute('role', 'region');
    place.node.setAttribute('aria-label', trans.__('Targets and runs'));
    app.shell.add(place, 'left', { rank: 250, type: 'Dossier' });
    restorer?.add(place, 'dossier-runs');

    addRunCommands({
      api,
      app,
      comparisons,
      known,
      languages,
      manager,
      refresh: () => place.content?.refresh(),
      rendermime,
      targets,
      tracker,
      trans,
      troubles,
      views
    });
    app.commands.addCommand(RunCommandIDs.showRuns, {
      label: trans.__('Show Targets and Runs'),
      caption: trans.__('Show the side panel of targets and runs'),
      icon: runsIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => {
        app.shell.activateById(place.id);
      }
    });
    app.commands.addCommand(RunCommandIDs.showOlderRuns, {
      label: trans.__('Show Older Runs'),
      caption: trans.__('Show more runs in the side panel, older ones'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => place.content?.hasOlderRuns ?? false,
      execute: () => {
        app.shell.activateById(place.id); // nothing is asked while nobody sees it
        return place.content?.showOlderRuns();
      }
    });
    void restorer?.restore(views, {
      command: RunCommandIDs.openRun,
      args: ({ id }) => ({ run: id.slice('dossier-run-'.length) }),
      name: ({ id }) => id
    });
    void restorer?.restore(comparisons, {
      command: RunCommandIDs.compareRuns,
      args: ({ id }) => {
        const [left, right] = id.slice(COMPARISON_ID.length).split('.');
        return { run: right, with: left };
      },
      name: ({ id }) => id
    });
    for (const command of Object.values(RunCommandIDs)) {
      palette?.addItem({ command, category: trans.__('Dossier') });
    }
  }
};
