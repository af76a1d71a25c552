import type { TranslationBundle } from '@jupyterlab/translation';
import { FormComponent, ReactWidget } from '@jupyterlab/ui-components';
import {
  JSONExt,
  type ReadonlyJSONObject,
  type ReadonlyPartialJSONObject,
  UUID
} from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';
// This module is itself loaded on use.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { customizeValidator } from '@rjsf/validator-ajv8';
import React from 'react';

import type { Target } from '../api';
import { Field, type IFormContext, Input, Options, RowButton } from './fields';
import {
  defaultsOf,
  explain,
  hasRows,
  type IInherited,
  type IOptionSchema,
  setOptions,
  withoutDefaults
} from './optionsschema';
import { Rows } from './rows';
import { valueWords } from './words';

/**
 * The options of a target as a form made from their schema.
 */
export class OptionsForm extends ReactWidget {
  constructor(options: OptionsForm.IOptions) {
    super();
    this.addClass('jp-DossierOptionsForm');
    this.id = `dossier-options-${UUID.uuid4()}`;
    const { inherited, schema, trans } = options;
    this._schema = withoutDefaults(schema as IOptionSchema);
    this._data = this._options = options.options;
    this._isValid = this._fits(this._data);
    const from = (values: ReadonlyPartialJSONObject, words: string) =>
      Object.entries(values).map(([name, value]): [string, IInherited] => [
        name,
        { value: value!, from: words }
      ]);
    this._context = {
      inherited: Object.fromEntries([
        ...from(
          defaultsOf(schema as IOptionSchema),
          trans.__('from the target')
        ),
        ...from(inherited ?? {}, trans.__('from the notebook'))
      ]),
      prefix: this.id,
      trans,
      unready: new Set()
    };
  }

  /**
   * Emitted with the options when the user changed them to something that the schema allows.
   */
  get changed(): ISignal<OptionsForm, ReadonlyJSONObject> {
    return this._changed;
  }

  /**
   * What the user wants, without what holds anyway; `null` where it is wrong.
   */
  get value(): ReadonlyJSONObject | null {
    return this._isValid ? this._options : null;
  }

  /**
   * Show other options, unless the user made them here.
   */
  setOptions(options: ReadonlyJSONObject): void {
    if (!JSONExt.deepEqual(options, this._options)) {
      this._data = this._options = options;
      this._isValid = this._fits(options);
      this.update();
    }
  }

  /**
   * Lead the user to the first field that is wrong.
   */
  showWrong(): void {
    const error = this.node.querySelector('.jp-DossierOptionsForm-errors');
    error?.closest('details')?.setAttribute('open', '');
    const field = error?.closest('.jp-DossierOptionsForm-field');
    field?.querySelector<HTMLElement>('input, select, button')?.focus();
  }

  override dispose(): void {
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    const { properties = {} } = this._schema;
    const { trans } = this._context;
    const unknown = Object.keys(this._data).filter(
      name => !(name in properties)
    );
    return (
      <>
        {unknown.map(name => (
          <div className="jp-DossierOptionsForm-field" key={name}>
            <div className="jp-DossierOptionsForm-errors" role="alert">
              {trans.__(
                '%1: %2 is no option of this target.',
                name,
                valueWords(this._data[name]!)
              )}
            </div>
            <RowButton
              icon="remove"
              label={trans.__('Remove')}
              name={trans.__('Remove: %1', name)}
              onClick={() => {
                const others = Object.fromEntries(
                  Object.entries(this._data).filter(([one]) => one !== name)
                );
                this._take(others, this._fits(others));
                this.update();
              }}
            />
          </div>
        ))}
        <FormComponent
          schema={this._schema as object}
          uiSchema={Object.fromEntries(
            Object.entries(properties)
              .filter(([, property]) => hasRows(property))
              .map(([name]) => [name, { 'ui:field': Rows }])
          )}
          experimental_defaultFormStateBehavior={{
            arrayMinItems: { populate: 'never' },
            emptyObjectFields: 'skipDefaults'
          }}
          formContext={this._context}
          formData={this._data as ReadonlyJSONObject}
          idPrefix={this.id}
          idSeparator="."
          liveValidate
          noHtml5Validate
          showErrorList={false}
          templates={{
            BaseInputTemplate: Input,
            FieldTemplate: Field,
            ObjectFieldTemplate: Options
          }}
          transformErrors={errors => explain(this._schema, errors, trans)}
          validator={Private.validator}
          onChange={({ formData, errors }) => {
            this._take(formData ?? {}, errors.length === 0);
          }}
          // Enter in a field is no reason to load a page.
          onSubmit={(_, event) => event.preventDefault()}
        />
      </>
    );
  }

  private _fits(data: ReadonlyPartialJSONObject): boolean {
    const schema = this._schema as object;
    return Private.validator.isValid(
      schema,
      data as ReadonlyJSONObject,
      schema
    );
  }

  private _take(data: ReadonlyPartialJSONObject, isValid: boolean): void {
    this._data = data;
    this._options = setOptions(data, this._context.inherited);
    this._isValid = isValid && this._context.unready.size === 0;
    if (this._isValid) {
      this._changed.emit(this._options);
    }
  }

  private _changed = new Signal<OptionsForm, ReadonlyJSONObject>(this);
  private _context: IFormContext;

  /**
   * What stands in the fields; with values that hold anyway, while they are typed.
   */
  private _data: ReadonlyPartialJSONObject;
  private _isValid: boolean;
  private _options: ReadonlyJSONObject;
  private _schema: IOptionSchema;
}

/**
 * A namespace for `OptionsForm` statics.
 */
export namespace OptionsForm {
  export interface IOptions {
    /**
     * What the notebook says for all of its cells on the target.
     */
    inherited?: ReadonlyJSONObject;
    options: ReadonlyJSONObject;
    schema: NonNullable<Target['options']>;
    trans: TranslationBundle;
  }
}

namespace Private {
  export const validator = customizeValidator<ReadonlyJSONObject>();
}
