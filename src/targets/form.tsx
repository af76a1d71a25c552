import { FormComponent, ReactWidget } from '@jupyterlab/ui-components';
import {
  JSONExt,
  type ReadonlyJSONObject,
  type ReadonlyJSONValue
} from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';
import type { FieldTemplateProps } from '@rjsf/utils';
// This module is itself loaded on use.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { customizeValidator } from '@rjsf/validator-ajv8';
import React from 'react';

import type { Target } from '../api';

/**
 * The options of a target as a form.
 */
export class OptionsForm extends ReactWidget {
  constructor(options: OptionsForm.IOptions) {
    super();
    this.addClass('jp-DossierOptionsForm');
    this._schema = options.schema;
    this._options = options.options;
  }

  /**
   * Emitted with the options when the user changed them to something that the schema allows.
   */
  get changed(): ISignal<OptionsForm, ReadonlyJSONObject> {
    return this._changed;
  }

  /**
   * What the user wants, without what is the default anyway; `null` where it is wrong.
   */
  get value(): ReadonlyJSONObject | null {
    return this._isValid ? this._options : null;
  }

  /**
   * Show other options, unless the user made them here.
   */
  setOptions(options: ReadonlyJSONObject): void {
    if (!JSONExt.deepEqual(options, this._options)) {
      this._options = options;
      this._isValid = true;
      this.update();
    }
  }

  override dispose(): void {
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    return (
      <FormComponent
        schema={this._schema}
        formData={{ ...Private.defaults(this._schema), ...this._options }}
        validator={Private.validator}
        liveValidate
        showErrorList={false}
        idPrefix={this.id}
        templates={{ FieldTemplate: Field }}
        onChange={({ formData, errors }) => {
          this._options = Private.differing(this._schema, formData ?? {});
          this._isValid = errors.length === 0;
          if (this._isValid) {
            this._changed.emit(this._options);
          }
        }}
        // Enter in a field is no reason to load a page.
        onSubmit={(_, event) => event.preventDefault()}
      />
    );
  }

  private _changed = new Signal<OptionsForm, ReadonlyJSONObject>(this);
  private _isValid = true;
  private _options: ReadonlyJSONObject;
  private _schema: NonNullable<Target['options']>;
}

/**
 * A namespace for `OptionsForm` statics.
 */
export namespace OptionsForm {
  export interface IOptions {
    options: ReadonlyJSONObject;
    schema: NonNullable<Target['options']>;
  }
}

/**
 * A field with a label that belongs to its input; JupyterLab's own template shows a heading.
 */
function Field(props: FieldTemplateProps): JSX.Element {
  const { id, label, children, errors, rawErrors, schema } = props;
  if (schema.type === 'object') {
    return <>{children}</>;
  }
  return (
    <div className="jp-DossierOptionsForm-field">
      <label htmlFor={id}>{label}</label>
      {schema.description && (
        <div
          className="jp-DossierOptionsForm-description"
          id={`${id}__description`}
        >
          {schema.description}
        </div>
      )}
      {children}
      {rawErrors && (
        <div
          className="jp-DossierOptionsForm-errors"
          id={`${id}__error`}
          role="alert"
        >
          {errors}
        </div>
      )}
    </div>
  );
}

namespace Private {
  export const validator = customizeValidator<ReadonlyJSONObject>();

  type Properties = Record<string, { default?: ReadonlyJSONValue }>;

  export function defaults(schema: object): ReadonlyJSONObject {
    const { properties = {} } = schema as { properties?: Properties };
    return Object.fromEntries(
      Object.entries(properties)
        .filter(([, property]) => property.default !== undefined)
        .map(([name, property]) => [name, property.default])
    ) as ReadonlyJSONObject;
  }

  /**
   * The options that are set and not the default.
   */
  export function differing(
    schema: object,
    options: ReadonlyJSONObject
  ): ReadonlyJSONObject {
    const usual = defaults(schema);
    return Object.fromEntries(
      Object.entries(options).filter(
        ([name, value]) =>
          value !== undefined && !JSONExt.deepEqual(value, usual[name] ?? null)
      )
    );
  }
}
