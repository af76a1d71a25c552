import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, deleteIcon } from '@jupyterlab/ui-components';
import {
  ariaDescribedByIds,
  type BaseInputTemplateProps,
  type FieldTemplateProps,
  type ObjectFieldTemplateProps
} from '@rjsf/utils';
import React from 'react';

import type { IInherited, IOptionSchema } from './optionsschema';
import { valueWords } from './words';

/**
 * What every part of the form knows.
 */
export interface IFormContext {
  /**
   * What holds where nothing is set, by the name of the option.
   */
  inherited: Record<string, IInherited>;

  /**
   * The id of the form; those of its fields begin with it.
   */
  prefix: string;
  trans: TranslationBundle;

  /**
   * The ids of fields that hold what no data can show, like a value without a name.
   */
  unready: Set<string>;
}

/**
 * The option that a field is; `null` for a part of one.
 */
export function optionOf(id: string, context: IFormContext): string | null {
  const name = id.slice(context.prefix.length + 1);
  return name && !name.includes('.') ? name : null;
}

/**
 * A field with a label that belongs to its input, what holds where it is empty, and what is wrong.
 */
export function Field(props: FieldTemplateProps): JSX.Element {
  const { children, displayLabel, id, label, rawErrors, required } = props;
  const context = props.formContext as IFormContext;
  const { trans } = context;
  const { description, type } = props.schema as IOptionSchema;
  if (type === 'object' && !props.uiSchema?.['ui:field']) {
    return <>{children}</>;
  }
  const option = optionOf(id, context);
  const inherited = option === null ? undefined : context.inherited[option];
  return (
    <div className="jp-DossierOptionsForm-field">
      {displayLabel && (
        <label htmlFor={id}>
          {label}
          {required && (
            <span className="jp-DossierOptionsForm-needed">
              {' '}
              {trans.__('(needed)')}
            </span>
          )}
        </label>
      )}
      {displayLabel && (description || inherited) && (
        <Description
          id={id}
          description={description}
          inherited={inherited}
          isSet={props.formData !== undefined}
          trans={trans}
        />
      )}
      {children}
      {rawErrors && rawErrors.length > 0 && (
        <div
          className="jp-DossierOptionsForm-errors"
          id={`${id}__error`}
          role="alert"
        >
          {[...new Set(rawErrors)].map(error => (
            <div key={error}>{error}</div>
          ))}
        </div>
      )}
    </div>
  );
}

/**
 * What an option is for, and what holds of it where nothing is set here.
 */
export function Description(props: Description.IProps): JSX.Element {
  const { description, id, inherited, isSet, trans } = props;
  return (
    <div
      className="jp-DossierOptionsForm-description"
      id={`${id}__description`}
    >
      {description && <div>{description}</div>}
      {inherited && (
        <div className="jp-DossierOptionsForm-inherited">
          {isSet
            ? trans.__(
                'Instead of %1 (%2)',
                valueWords(inherited.value),
                inherited.from
              )
            : trans.__('%1 (%2)', valueWords(inherited.value), inherited.from)}
        </div>
      )}
    </div>
  );
}

/**
 * A namespace for `Description` statics.
 */
export namespace Description {
  export interface IProps {
    id: string;
    description?: string;
    inherited?: IInherited;
    isSet: boolean;
    trans: TranslationBundle;
  }
}

/**
 * The options: first those of no group, then each group, folded where nothing of it is set.
 */
export function Options(props: ObjectFieldTemplateProps): JSX.Element {
  const { formData, properties, schema } = props;
  const { properties: known = {} } = schema as IOptionSchema;
  const groups = new Map<string, typeof properties>();
  for (const property of properties) {
    const group = known[property.name]?.['x-group'] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), property]);
  }
  const data = (formData ?? {}) as Record<string, unknown>;
  const { trans } = props.formContext as IFormContext;
  return (
    <>
      {groups.get('')?.map(({ content }) => content)}
      {Array.from(groups)
        .filter(([title]) => title !== '')
        .map(([title, members]) => (
          <Group
            key={title}
            set={members.filter(({ name }) => data[name] !== undefined).length}
            title={title}
            trans={trans}
          >
            {members.map(({ content }) => content)}
          </Group>
        ))}
    </>
  );
}

function Group(props: {
  children: React.ReactNode;
  set: number;
  title: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { children, set, title, trans } = props;
  const [isOpen, setOpen] = React.useState(set > 0);
  return (
    <details
      className="jp-DossierOptionsForm-group"
      open={isOpen}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        {title}
        {set > 0 && (
          <span className="jp-DossierOptionsForm-set">
            {' '}
            {trans._n('%1 set', '%1 set', set)}
          </span>
        )}
      </summary>
      {children}
    </details>
  );
}

/**
 * The input of a text or number; empty, it shows what holds then.
 *
 * Of a number too a text: what is no number can be said to be none.
 */
export function Input(props: BaseInputTemplateProps): JSX.Element {
  const { id, onBlur, onChange, onFocus, options, rawErrors } = props;
  const { type } = props.schema;
  const context = props.formContext as IFormContext;
  const option = optionOf(id, context);
  const inherited = option === null ? undefined : context.inherited[option];
  const value = props.value as string | number | undefined | null;
  return (
    <input
      aria-describedby={ariaDescribedByIds(id)}
      aria-invalid={!!rawErrors && rawErrors.length > 0}
      disabled={props.disabled}
      id={id}
      inputMode={type === 'integer' ? 'numeric' : undefined}
      name={id}
      placeholder={inherited ? valueWords(inherited.value) : undefined}
      readOnly={props.readonly}
      aria-required={props.required}
      spellCheck={false}
      type="text"
      value={value ?? ''}
      onBlur={({ target }) => onBlur(id, target.value)}
      onChange={({ target }) =>
        onChange(target.value === '' ? options.emptyValue : target.value)
      }
      onFocus={({ target }) => onFocus(id, target.value)}
    />
  );
}

/**
 * A button of a row or list, in words.
 */
export function RowButton(props: {
  label: string;
  name: string;
  icon: 'add' | 'remove' | null;
  onClick: () => void;
}): JSX.Element {
  const { icon, label, name, onClick } = props;
  return (
    <button
      aria-label={name}
      className="jp-DossierOptionsForm-button"
      type="button"
      onClick={onClick}
    >
      {icon &&
        (icon === 'add' ? (
          <addIcon.react tag="span" />
        ) : (
          <deleteIcon.react tag="span" />
        ))}
      {label}
    </button>
  );
}
