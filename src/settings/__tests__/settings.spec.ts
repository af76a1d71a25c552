import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal } from '@lumino/signaling';

import schema from '../../../schema/plugin.json';
import { DEFAULTS, DossierSettings } from '..';

function loaded(composite: object): {
  settings: ISettingRegistry.ISettings;
  set: (values: object) => void;
} {
  const settings = { composite } as { composite: object; changed?: unknown };
  const changed = new Signal<object, void>(settings);
  settings.changed = changed;
  return {
    settings: settings as unknown as ISettingRegistry.ISettings,
    set: values => {
      settings.composite = values;
      changed.emit();
    }
  };
}

describe('settings', () => {
  it('has the defaults of the schema before anything is loaded', () => {
    const properties = Object.entries(schema.properties).map(
      ([key, property]) => [key, property.default]
    );
    expect(Object.fromEntries(properties)).toEqual(DEFAULTS);
    expect(new DossierSettings().values).toEqual(DEFAULTS);
  });

  it('tells each change once', () => {
    const settings = new DossierSettings();
    const told: string[] = [];
    settings.changed.connect(({ values }) => told.push(values.strip));
    const { settings: source, set } = loaded({ strip: 'when-needed' });
    settings.follow(source);
    expect(told).toEqual([]);
    set({ strip: 'always' });
    set({ strip: 'always' });
    set({});
    expect(told).toEqual(['always', 'when-needed']);
  });
});
