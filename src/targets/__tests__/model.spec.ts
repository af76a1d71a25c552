import { ApiError, type IApiClient, type Target } from '../../api';
import { TargetsModel } from '..';

const target = (name: string): Target => ({
  name,
  kind: name,
  usable: true,
  why: null,
  costly: false,
  options: null
});

describe('TargetsModel', () => {
  let answer: () => Promise<Target[]>;
  let asked: number;
  let told: unknown[];
  let model: TargetsModel;
  const names = () => model.targets.map(({ name }) => name);

  beforeEach(() => {
    asked = 0;
    told = [];
    answer = async () => ['kernel', 'local', 'cluster'].map(target);
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
  });

  it('has what is always there without asking', () => {
    expect(names()).toEqual(['kernel', 'local']);
    expect(asked).toBe(0);
  });

  it('asks once at a time, and tells a change', async () => {
    let changes = 0;
    model.changed.connect(() => changes++);
    await Promise.all([model.refresh(), model.refresh()]);
    await model.refresh();
    expect(asked).toBe(1);
    expect(names()).toEqual(['kernel', 'local', 'cluster']);
    expect(changes).toBe(1);
    await model.refresh(true);
    expect(asked).toBe(2);
  });

  it('stays as it is when the server half is missing', async () => {
    const error = new ApiError('', 'missing');
    answer = () => Promise.reject(error);
    await model.refresh();
    expect(told).toEqual([error]);
    expect(names()).toHaveLength(2);
  });
});
