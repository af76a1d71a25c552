import { VERSION } from '../version';
import { isOther } from '../request';

describe('versions', () => {
  it('are those of package.json', () => {
    const { version } = jest.requireActual<{ version: string }>(
      '../../../package.json'
    );
    expect(VERSION).toBe(version);
  });

  it('fit together within one minor version, or where none is told', () => {
    const [major, minor] = VERSION.split('.').map(Number);
    expect(isOther(`${major}.${minor}.99`)).toBe(false);
    expect(isOther(null)).toBe(false);
    expect(isOther(`${major}.${minor + 1}.0`)).toBe(true);
    expect(isOther(`${major + 1}.${minor}.0`)).toBe(true);
  });
});
