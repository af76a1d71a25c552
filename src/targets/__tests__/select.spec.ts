import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { ApiError, type IApiClient, type Target } from '../../api';
import { TargetSelect, TargetsModel } from '..';

const target = (name: string, why: string | null = null): Target => ({
  name,
  kind: name,
  usable: why === null,
  why,
  costly: false,
  options: null
});

describe('targets', () => {
  let answer: () => Promise<Target[]>;
  let asked: number;
  let told: unknown[];
  let model: TargetsModel;
  let widget: TargetSelect;
  let select: HTMLSelectElement;

  beforeEach(() => {
    asked = 0;
    told = [];
    answer = async () => [
      target('kernel'),
      target('local'),
      target('cluster', 'no account there')
    ];
    const api = {
      targets: () => {
        asked++;
        return answer();
      }
    } as unknown as IApiClient;
    model = new TargetsModel({
      api,
      troubles: {
        report: error => {
          told.push(error);
          return '';
        },
        words: () => ''
      }
    });
    widget = new TargetSelect({
      targets: model,
      trans: nullTranslator.load('jupyterlab_dossier')
    });
    Widget.attach(widget, document.body);
    select = widget.node.querySelector('select')!;
  });

  afterEach(() => widget.dispose());

  const texts = () => Array.from(select.options, option => option.text);

  it('shows what is always there without asking', () => {
    expect(texts()).toEqual(['default (kernel)', 'kernel', 'local']);
    expect(asked).toBe(0);
  });

  it('asks when it gets the focus, and once at a time', async () => {
    select.dispatchEvent(new Event('focus'));
    select.dispatchEvent(new Event('focus'));
    await model.refresh();
    expect(asked).toBe(1);
    expect(texts()).toEqual([
      'default (kernel)',
      'kernel',
      'local',
      'cluster (not usable)'
    ]);
    expect(select.options[3].disabled).toBe(true);
    expect(select.options[3].title).toBe('no account there');
  });

  it('keeps the choice when the targets change', async () => {
    widget.setState({ value: 'local', fallback: 'kernel', enabled: true });
    expect(select.value).toBe('local');
    await model.refresh();
    expect(select.value).toBe('local');
  });

  it('shows a target that nobody knows', () => {
    widget.setState({ value: 'gone', fallback: 'local', enabled: true });
    expect(select.value).toBe('gone');
    expect(texts()).toContain('gone (unknown here)');
    expect(texts()[0]).toBe('default (local)');
  });

  it('tells what was picked', () => {
    const picked: (string | null)[] = [];
    widget.picked.connect((_, name) => picked.push(name));
    for (const value of ['local', '']) {
      select.value = value;
      select.dispatchEvent(new Event('change'));
    }
    expect(picked).toEqual(['local', null]);
  });

  it('stays as it is when the server half is missing', async () => {
    const error = new ApiError('', 'missing');
    answer = () => Promise.reject(error);
    await model.refresh();
    expect(told).toEqual([error]);
    expect(texts()).toHaveLength(3);
  });
});
