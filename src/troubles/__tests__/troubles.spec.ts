import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';

import { ApiError } from '../../api';
import { Troubles } from '..';

describe('Troubles', () => {
  const troubles = () =>
    new Troubles(nullTranslator.load('jupyterlab_dossier'));

  beforeEach(() => Notification.dismiss());

  it('says once that the server half is missing', () => {
    const teller = troubles();
    const words = teller.report(new ApiError('url', 'missing'));
    expect(words).toContain('does not answer');
    expect(teller.report(new ApiError('url', 'missing'))).toBe(words);
    expect(Notification.manager.count).toBe(1);
    teller.report(new ApiError('url', 'mismatch'));
    expect(Notification.manager.count).toBe(2);
  });

  it('says every refusal, in the server’s words', () => {
    const teller = troubles();
    expect(teller.report(new ApiError('not a notebook', 'refused'))).toBe(
      'not a notebook'
    );
    teller.report(new ApiError('not a notebook', 'refused'));
    expect(Notification.manager.count).toBe(2);
  });

  it('has words for what is no error of ours', () => {
    expect(troubles().words(new TypeError('no'))).toBe('no');
    expect(troubles().words('text')).toBe('text');
    expect(Notification.manager.count).toBe(0);
  });
});
