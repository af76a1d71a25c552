import { nullTranslator } from '@jupyterlab/translation';

import type { IApiClient, Verification } from '../../api';
import { VerificationModel } from '../model';
import { summary } from '../view';

type Verified = NonNullable<Verification['result']>;
type State = Verified['cells'][number]['state'];

function verified(state: Verified['state'], ...cells: State[]): Verified {
  return {
    run: 'one',
    state,
    again: 'two',
    cells: cells.map((state, index) => ({
      id: `cell-${index}`,
      index,
      state,
      how: [],
      cause: null,
      uncompared: []
    })),
    other: null,
    other_conditions: {},
    other_cells: []
  };
}

describe('summary', () => {
  const words = (state: Verified['state'], ...cells: State[]) =>
    summary(verified(state, ...cells), nullTranslator.load(''));

  it('never calls identical what was not compared', () => {
    expect(words('identical', 'identical', 'identical')).toBe(
      'Verified: all 2 cells are identical.'
    );
    expect(words('differs', 'identical', 'differs', 'follows')).toBe(
      'Verified: 2 cells of 3 differ.'
    );
    expect(words('identical', 'identical', 'not verified')).toMatch(
      /1 of 2 cells are identical; the others were not executed/
    );
    expect(words('unknown', 'identical', 'unknown')).toMatch(
      /not all could be compared/
    );
  });
});

describe('VerificationModel', () => {
  it('asks again for as long as it goes on', async () => {
    jest.useFakeTimers();
    const states: Verification['state'][] = ['running', 'running', 'identical'];
    const verification = jest.fn(async () => ({
      state: states.shift()!,
      why: null,
      progress: null,
      result: null
    }));
    const api = { verification } as unknown as IApiClient;
    const model = new VerificationModel({ api, run: 'one' });
    model.refresh();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(verification).toHaveBeenCalledTimes(3);
    expect(model.verification?.state).toBe('identical');
    model.dispose();
    jest.useRealTimers();
  });
});
