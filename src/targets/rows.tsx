import {
  JSONExt,
  type ReadonlyPartialJSONArray,
  type ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import type { FieldProps } from '@rjsf/utils';
import React from 'react';

import { Description, type IFormContext, optionOf, RowButton } from './fields';
import type { IOptionSchema } from './optionsschema';

/**
 * A map or a list of objects as rows, which the user adds and removes.
 *
 * Where nothing is set, what holds then is shown, to be changed as a whole: a map of a cell stands
 * for that of its target, and is not added to it.
 */
export class Rows extends React.Component<FieldProps, { rows: IRow[] }> {
  override state: { rows: IRow[] } = {
    rows: this._rowsOf(this.props.formData)
  };

  override componentDidUpdate(before: FieldProps): void {
    const { formData } = this.props as { formData?: Private.Data };
    if (
      before.formData !== formData &&
      !JSONExt.deepEqual(formData ?? null, this._given ?? null)
    ) {
      // Another's data than those that the rows gave.
      this._given = formData;
      this.setState({ rows: this._rowsOf(formData) });
    }
    const focus = this._focus;
    this._focus = null;
    if (focus !== null && this._node.current) {
      Private.find(this._node.current, focus)?.focus();
    }
  }

  override componentWillUnmount(): void {
    this._tell([]);
  }

  override render(): JSX.Element {
    const { formData, idSchema, schema } = this.props;
    const context = this.props.formContext as IFormContext;
    const { trans } = context;
    const { description, title = this.props.name } = schema as IOptionSchema;
    const id = idSchema.$id;
    const inherited = context.inherited[optionOf(id, context) ?? ''];
    const isSet = formData !== undefined;
    return (
      <fieldset
        aria-describedby={`${id}__description ${id}__error`}
        className="jp-DossierOptionsForm-rows"
        id={id}
        ref={this._node}
      >
        <legend>{title}</legend>
        <Description
          description={description}
          id={id}
          inherited={inherited}
          isSet={isSet}
          trans={trans}
        />
        {this.state.rows.map((row, index) => this._row(row, index, title))}
        <div className="jp-DossierOptionsForm-buttons">
          {inherited && !isSet ? (
            <RowButton
              icon={null}
              label={trans.__('Change')}
              name={trans.__('Change: %1', title)}
              onClick={() =>
                this._change(this._rowsOf(inherited.value), 'first')
              }
            />
          ) : (
            <RowButton
              icon="add"
              label={trans.__('Add')}
              name={trans.__('Add: %1', title)}
              onClick={this._add}
            />
          )}
          {inherited && isSet && (
            <RowButton
              icon={null}
              label={trans.__('Reset')}
              name={trans.__('Reset: %1', title)}
              onClick={() => this._change(null, 'button')}
            />
          )}
        </div>
      </fieldset>
    );
  }

  private _row(row: IRow, index: number, title: string): JSX.Element {
    const { errorSchema, idSchema, registry, schema } = this.props;
    const { trans } = this.props.formContext as IFormContext;
    const { SchemaField } = registry.fields;
    const part = this._isMap
      ? (schema as IOptionSchema).additionalProperties
      : (schema as IOptionSchema).items;
    const number = String(index + 1);
    const id = `${idSchema.$id}.${number}`;
    const fault = this._isMap && Private.faultOf(this.state.rows, index);
    return (
      <div
        aria-label={trans.__('%1 %2', title, number)}
        className="jp-DossierOptionsForm-row"
        key={row.key}
        role="group"
      >
        {this._isMap && (
          <div className="jp-DossierOptionsForm-field">
            <label htmlFor={`${id}.name`}>{trans.__('Name')}</label>
            <input
              aria-describedby={`${id}.name__error`}
              aria-invalid={fault !== null}
              className="jp-DossierOptionsForm-name"
              id={`${id}.name`}
              spellCheck={false}
              type="text"
              value={row.name}
              onChange={({ target }) =>
                this._set(row.key, { name: target.value })
              }
            />
            {fault && (
              <div
                className="jp-DossierOptionsForm-errors"
                id={`${id}.name__error`}
                role="alert"
              >
                {fault === 'doubled'
                  ? trans.__('This name is there already.')
                  : trans.__('The name is missing.')}
              </div>
            )}
          </div>
        )}
        <SchemaField
          errorSchema={this._isMap ? undefined : errorSchema?.[index]}
          formContext={this.props.formContext}
          formData={row.value}
          idPrefix={this.props.idPrefix}
          idSchema={registry.schemaUtils.toIdSchema(
            part as object,
            id,
            row.value,
            this.props.idPrefix,
            '.'
          )}
          idSeparator="."
          name={this._isMap ? 'value' : number}
          registry={registry}
          schema={part as object}
          onBlur={this.props.onBlur}
          // A field keeps the first function that it is given.
          onChange={(value: unknown) => this._set(row.key, { value })}
          onFocus={this.props.onFocus}
        />
        <RowButton
          icon="remove"
          label={trans.__('Remove')}
          name={trans.__('Remove: %1 %2', title, number)}
          onClick={() => {
            const rows = this.state.rows.filter(other => other !== row);
            this._change(rows, 'button');
          }}
        />
      </div>
    );
  }

  private get _isMap(): boolean {
    const { additionalProperties } = this.props.schema as IOptionSchema;
    return typeof additionalProperties === 'object';
  }

  private _rowsOf(data: unknown): IRow[] {
    return Array.isArray(data)
      ? data.map((value: unknown) => ({ key: Private.next(), name: '', value }))
      : Object.entries((data ?? {}) as object).map(
          ([name, value]: [string, unknown]) => ({
            key: Private.next(),
            name,
            value
          })
        );
  }

  private _add = (): void => {
    const row: IRow = {
      key: Private.next(),
      name: '',
      value: this._isMap ? undefined : {}
    };
    this._change([...this.state.rows, row], 'last');
  };

  private _set(key: number, change: Partial<IRow>): void {
    const { rows } = this.state;
    this._change(
      rows.map(row => (row.key === key ? { ...row, ...change } : row))
    );
  }

  /**
   * Take other rows, or none with `null`, and put the focus where the user goes on.
   */
  private _change(rows: IRow[] | null, focus: Private.Focus | null = null) {
    this._focus = focus;
    this._given = rows ? this._dataOf(rows) : undefined;
    this._tell(rows ?? []);
    this.setState({ rows: rows ?? [] });
    this.props.onChange(this._given);
  }

  /**
   * Tell the form whether there is a row that data cannot show.
   */
  private _tell(rows: IRow[]): void {
    const { unready } = this.props.formContext as IFormContext;
    const { $id } = this.props.idSchema;
    if (
      this._isMap &&
      rows.some((_, index) => Private.faultOf(rows, index) !== null)
    ) {
      unready.add($id);
    } else {
      unready.delete($id);
    }
  }

  private _dataOf(rows: IRow[]): Private.Data {
    if (!this._isMap) {
      return rows.map(({ value }) => value) as Private.Data;
    }
    const { type } = (this.props.schema as IOptionSchema)
      .additionalProperties as IOptionSchema;
    // A text may be empty; another value that is missing is one that the schema refuses.
    const nothing = type === 'string' ? '' : null;
    return Object.fromEntries(
      rows
        .filter(
          ({ name }, index) => name && Private.faultOf(rows, index) === null
        )
        .map(({ name, value }) => [name, value ?? nothing])
    ) as Private.Data;
  }

  private _focus: Private.Focus | null = null;
  private _given = this.props.formData as Private.Data | undefined;
  private _node = React.createRef<HTMLFieldSetElement>();
}

interface IRow {
  key: number;

  /**
   * The name in a map; empty in a list.
   */
  name: string;
  value: unknown;
}

namespace Private {
  export type Data = ReadonlyPartialJSONObject | ReadonlyPartialJSONArray;

  /**
   * Where the focus goes: into the first row or the last, or to the list's last button.
   */
  export type Focus = 'first' | 'last' | 'button';

  export function find(list: HTMLElement, focus: Focus): HTMLElement | null {
    if (focus === 'button') {
      return list.querySelector(
        '.jp-DossierOptionsForm-buttons > button:last-child'
      );
    }
    const rows = list.querySelectorAll('.jp-DossierOptionsForm-row');
    const row = rows.item(focus === 'first' ? 0 : rows.length - 1);
    return row?.querySelector<HTMLElement>('input, select') ?? null;
  }

  /**
   * Why a row of a map cannot stand in it.
   */
  export function faultOf(
    rows: IRow[],
    index: number
  ): 'doubled' | 'nameless' | null {
    const { name, value } = rows[index];
    if (name === '') {
      return value === undefined ? null : 'nameless';
    }
    return rows.slice(0, index).some(other => other.name === name)
      ? 'doubled'
      : null;
  }

  let count = 0;

  export function next(): number {
    return count++;
  }
}
