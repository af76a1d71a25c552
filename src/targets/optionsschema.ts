import {
  JSONExt,
  type ReadonlyJSONObject,
  type ReadonlyPartialJSONObject,
  type ReadonlyPartialJSONValue
} from '@lumino/coreutils';
import type { RJSFValidationError } from '@rjsf/utils';
import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * A schema of options, as far as it is looked at here.
 *
 * `x-group` is the title that a property stands under, `x-words` says what its pattern wants.
 */
export interface IOptionSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: ReadonlyPartialJSONValue;
  properties?: Record<string, IOptionSchema>;
  propertyNames?: IOptionSchema;
  additionalProperties?: boolean | IOptionSchema;
  items?: IOptionSchema;
  'x-group'?: string;
  'x-words'?: string;
}

/**
 * What an option is where nothing is set, and who says so.
 */
export interface IInherited {
  value: ReadonlyPartialJSONValue;
  from: string;
}

/**
 * The values that the schema gives itself: those of the target's settings.
 */
export function defaultsOf(schema: IOptionSchema): ReadonlyPartialJSONObject {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([, property]) => property.default !== undefined)
      .map(([name, property]) => [name, property.default])
  );
}

/**
 * The schema without the defaults, which would be filled in as if they were set.
 */
export function withoutDefaults(schema: IOptionSchema): IOptionSchema {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, { default: _, ...property }]) => [name, property]
  );
  return {
    ...schema,
    properties: Object.fromEntries(properties) as Record<string, IOptionSchema>
  };
}

/**
 * Whether a property has rows that the user adds: a map, or a list of objects.
 */
export function hasRows(property: IOptionSchema): boolean {
  return (
    typeof property.additionalProperties === 'object' ||
    (property.type === 'array' && property.items?.type === 'object')
  );
}

/**
 * The options that are set: no empty ones, unless they stand for others, and none that hold anyway.
 */
export function setOptions(
  data: ReadonlyPartialJSONObject,
  inherited: Record<string, IInherited>
): ReadonlyJSONObject {
  // What is undefined, in rows too, is not there.
  const plain = JSON.parse(JSON.stringify(data)) as ReadonlyJSONObject;
  return Object.fromEntries(
    Object.entries(plain).filter(([name, value]) => {
      const usual = inherited[name]?.value;
      return usual === undefined
        ? typeof value !== 'object' || !JSONExt.deepEqual(value, empty(value))
        : !JSONExt.deepEqual(value, usual as typeof value);
    })
  );
}

function empty(value: unknown): [] | Record<string, never> {
  return Array.isArray(value) ? [] : {};
}

/**
 * Say what is wrong for people, at the field that they can see.
 */
export function explain(
  schema: IOptionSchema,
  errors: RJSFValidationError[],
  trans: TranslationBundle
): RJSFValidationError[] {
  return errors
    .filter(error => !error.schemaPath?.includes('/propertyNames/'))
    .map(error => {
      const message = wordsOf(schema, error, trans);
      const path = error.schemaPath?.match(
        /^#\/properties\/([^/]+)\/(additionalProperties\/|propertyNames$)/
      );
      if (!path || error.property === undefined) {
        return { ...error, message };
      }
      // An entry of a map has no place of its own: its name may hold any character.
      const [, name] = path;
      const key =
        (error.params?.propertyName as string | undefined) ??
        error.property
          .slice(name.length + 2)
          .replace(/~1/g, '/')
          .replace(/~0/g, '~');
      return {
        ...error,
        property: `.${name}`,
        message: trans.__('%1: %2', key, message)
      };
    });
}

function wordsOf(
  schema: IOptionSchema,
  error: RJSFValidationError,
  trans: TranslationBundle
): string {
  const { limit, type } = (error.params ?? {}) as Record<string, unknown>;
  switch (error.name) {
    case 'required':
      return trans.__('is needed');
    case 'pattern':
    case 'propertyNames': {
      const at = partAt(schema, error.schemaPath ?? '');
      const wanted =
        error.name === 'pattern' ? at : (at?.propertyNames ?? undefined);
      return wanted?.['x-words']
        ? error.name === 'pattern'
          ? trans.__('must be %1', wanted['x-words'])
          : trans.__('the name must be %1', wanted['x-words'])
        : (error.message ?? '');
    }
    case 'type':
      return type === 'integer'
        ? trans.__('must be a whole number')
        : type === 'number'
          ? trans.__('must be a number')
          : type === 'string'
            ? trans.__('must be a text')
            : (error.message ?? '');
    case 'minimum':
      return trans.__('must be at least %1', String(limit));
    case 'maximum':
      return trans.__('must be at most %1', String(limit));
    case 'maxLength':
      return trans.__('must have at most %1 characters', String(limit));
    default:
      return error.message ?? '';
  }
}

/**
 * The part of a schema that a keyword stands in.
 */
function partAt(
  schema: IOptionSchema,
  path: string
): IOptionSchema | undefined {
  return path
    .split('/')
    .slice(1, -1)
    .reduce<unknown>(
      (part, name) =>
        (part as Record<string, unknown> | undefined)?.[
          decodeURIComponent(name)
        ],
      schema
    ) as IOptionSchema | undefined;
}
