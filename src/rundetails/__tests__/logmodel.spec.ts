import type { IApiClient, LogPage } from '../../api';
import { LogModel } from '../logmodel';

/**
 * An API whose log has these entries, two a page.
 */
function makeLog(said: [string, string][], limit?: number) {
  const entries = said.map(([source, text], index) => ({
    seq: index + 1,
    time: 1,
    source,
    text
  }));
  const log = async (
    _run: string,
    _cell: string,
    _attempt?: string,
    after = 0
  ): Promise<LogPage> => {
    const page = entries.filter(({ seq }) => seq > after).slice(0, 2);
    const next = page.length ? page[page.length - 1].seq : after;
    return { entries: page, next, more: next < entries.length, ended: true };
  };
  const api = { log } as Partial<IApiClient> as IApiClient;
  const model = new LogModel({
    api,
    attempt: undefined,
    cell: 'c',
    limit,
    run: 'r'
  });
  return {
    model,
    say: (source: string, text: string) => {
      entries.push({ seq: entries.length + 1, time: 2, source, text });
    }
  };
}

const texts = (model: LogModel) => model.lines.map(({ text }) => text);

describe('LogModel', () => {
  it('joins what was said within a line, and keeps streams apart', async () => {
    const { model, say } = makeLog([
      ['stdout', 'one '],
      ['stdout', 'line\nnext'],
      ['stderr', 'other\n']
    ]);
    await model.update();
    expect(texts(model)).toEqual(['one line', 'next', 'other']);
    say('stderr', 'more\n\n');
    await model.update();
    expect(texts(model)).toEqual(['one line', 'next', 'other', 'more', '']);
    await model.update();
    expect(model.lines).toHaveLength(5);
  });

  it('counts cells from 1 in words of the server, not in those of the cell', async () => {
    const { model } = makeLog([
      ['state', 'skipped: cell 0 failed before it\n'],
      ['stdout', 'cell 0\n']
    ]);
    await model.update();
    const wanted = ['skipped: cell 1 failed before it', 'cell 0'];
    expect(texts(model)).toEqual(wanted);
    expect(await model.whole()).toBe(wanted.map(line => `${line}\n`).join(''));
  });

  it('shows a line as a terminal does', async () => {
    const { model } = makeLog([
      ['stdout', '10 %\r20 %\r'],
      ['stdout', '\x1b[31m30 %\x1b[0m\r\n']
    ]);
    await model.update();
    expect(texts(model)).toEqual(['30 %']);
  });

  it('keeps the last lines, and has all for the download', async () => {
    const said = Array.from(
      { length: 10 },
      (_, n) => ['stdout', `${n}\n`] as [string, string]
    );
    const { model } = makeLog(said, 3);
    await model.update();
    expect(texts(model)).toEqual(['7', '8', '9']);
    expect(model.dropped).toBe(7);
    expect(await model.whole()).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n');
  });
});
