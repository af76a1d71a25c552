import type { INotebookModel } from '@jupyterlab/notebook';
import { StateDB } from '@jupyterlab/statedb';

import type { Target } from '../../api';
import { DEFAULTS, type IDossierSettings } from '../../settings';
import type { ITargetsModel } from '../../targets';
import { Costs } from '..';

const target = (name: string, costly: boolean): Target => ({
  name,
  kind: 'local',
  usable: true,
  why: null,
  costly,
  options: null
});

function notebook(id?: string): INotebookModel {
  return {
    getMetadata: () => (id ? { version: 1, id } : undefined)
  } as unknown as INotebookModel;
}

describe('costs', () => {
  let answers: ('yes' | 'always' | 'no')[];
  let asked: string[];
  let settings: { values: IDossierSettings.IValues };
  let state: StateDB;
  const make = () =>
    new Costs({
      ask: async name => {
        asked.push(name);
        return answers.shift() ?? 'no';
      },
      settings: settings as unknown as IDossierSettings,
      state,
      targets: {
        targets: [target('local', false), target('big', true)],
        refresh: () => Promise.resolve()
      } as unknown as ITargetsModel
    });

  beforeEach(() => {
    answers = [];
    asked = [];
    settings = { values: { ...DEFAULTS } };
    state = new StateDB();
  });

  it('does not ask where nothing costs', async () => {
    const costs = make();
    expect(costs.permit(notebook(), 'kernel')).toBe(true);
    expect(await costs.permit(notebook(), 'local')).toBe(true);
    settings.values.askBeforeCostly = false;
    expect(costs.permit(notebook(), 'big')).toBe(true);
    expect(asked).toEqual([]);
  });

  it('asks once for cells that run together, and then no more', async () => {
    answers = ['yes', 'yes'];
    const costs = make();
    const one = notebook();
    const both = [costs.permit(one, 'big'), costs.permit(one, 'big')];
    expect(await Promise.all(both)).toEqual([true, true]);
    expect(costs.permit(one, 'big')).toBe(true);
    expect(asked).toEqual(['big']);
    await costs.permit(notebook(), 'big');
    expect(asked).toEqual(['big', 'big']);
  });

  it('asks again after a refusal', async () => {
    answers = ['no', 'yes'];
    const costs = make();
    const one = notebook();
    expect(await costs.permit(one, 'big')).toBe(false);
    expect(await costs.permit(one, 'big')).toBe(true);
  });

  it('remembers for a notebook beyond the session', async () => {
    answers = ['always'];
    expect(await make().permit(notebook('n1'), 'big')).toBe(true);
    expect(await make().permit(notebook('n1'), 'big')).toBe(true);
    expect(asked).toEqual(['big']);
    expect(await make().permit(notebook('n2'), 'big')).toBe(false);
  });
});
