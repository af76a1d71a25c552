import {
  type IOptionSchema,
  setOptions,
  withoutDefaults
} from '../optionsschema';
import { valueWords } from '../words';

describe('options', () => {
  const inherited = {
    memory: { value: '2Gi', from: 'from the target' },
    env: { value: { A: '1' }, from: 'from the notebook' }
  };

  it('are those that are set and do not hold anyway', () => {
    expect(
      setOptions(
        {
          cpu: undefined,
          memory: '2Gi',
          resources: {},
          tolerations: [],
          volumes: [{ claim: 'a', path: undefined }],
          gpu: 0
        },
        inherited
      )
    ).toEqual({ volumes: [{ claim: 'a' }], gpu: 0 });
  });

  it('may be none where others are inherited', () => {
    expect(setOptions({ env: {} }, inherited)).toEqual({ env: {} });
    expect(setOptions({ env: { A: '1' } }, inherited)).toEqual({});
  });

  it('are asked for without what the target says', () => {
    const schema: IOptionSchema = {
      properties: { memory: { type: 'string', default: '2Gi' } }
    };
    expect(withoutDefaults(schema).properties).toEqual({
      memory: { type: 'string' }
    });
    expect(schema.properties!.memory.default).toBe('2Gi');
  });

  it('are told in a line', () => {
    expect(valueWords({ A: '1', B: 'x y' })).toBe('A=1, B=x y');
    expect(valueWords([{ key: 'a', operator: 'Exists' }, { key: 'b' }])).toBe(
      'key=a, operator=Exists; key=b'
    );
    expect(valueWords(2)).toBe('2');
  });
});
