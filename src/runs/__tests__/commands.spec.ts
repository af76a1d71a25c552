import type { JupyterFrontEnd } from '@jupyterlab/application';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { nullTranslator } from '@jupyterlab/translation';

import type { IApiClient } from '../../api';
import { RunCommandIDs } from '../../ui/commandids';
import { addRunCommands, VIEW_ID } from '../commands';
import { KnownRuns } from '../known';

describe('commands on runs', () => {
  const commands = new CommandRegistry();
  const menu = { aboutToClose: new Signal<object, void>({}) };
  const view = { id: `${VIEW_ID}opened` };
  const shell = { currentWidget: null as object | null };
  const cancelled: string[] = [];
  addRunCommands({
    api: {
      cancel: async (run: string) => void cancelled.push(run)
    } as unknown as IApiClient,
    app: {
      commands,
      contextMenu: { menu },
      shell
    } as unknown as JupyterFrontEnd,
    comparisons: {},
    known: new KnownRuns(() => undefined),
    refresh: () => undefined,
    trans: nullTranslator.load(''),
    troubles: {},
    views: { currentWidget: view }
  } as unknown as addRunCommands.IOptions);
  const cancel = () => commands.execute(RunCommandIDs.cancelRun);

  it('are about the entry whose menu is open, then about the current view', async () => {
    const entry = document.createElement('div');
    entry.dataset.run = 'listed';
    document.body.append(entry);
    shell.currentWidget = view;
    entry.dispatchEvent(new Event('contextmenu', { bubbles: true }));
    // The menu closes before it executes its entry.
    menu.aboutToClose.emit();
    await cancel();
    expect(cancelled).toEqual(['listed']);
    entry.dispatchEvent(new Event('contextmenu', { bubbles: true }));
    menu.aboutToClose.emit();
    await new Promise(resolve => setTimeout(resolve));
    await cancel();
    expect(cancelled).toEqual(['listed', 'opened']);
    shell.currentWidget = null;
    expect(commands.isEnabled(RunCommandIDs.cancelRun)).toBe(false);
  });
});
