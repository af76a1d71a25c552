import { InputGroup, searchIcon } from '@jupyterlab/ui-components';
import React from 'react';

/**
 * A box for words to look for.
 */
export function SearchBox(props: SearchBox.IProps): JSX.Element {
  const { label, onEnter, onQuery, placeholder, query } = props;
  return (
    <InputGroup
      type="search"
      aria-label={label}
      placeholder={placeholder}
      rightIcon={searchIcon}
      value={query}
      onChange={event => onQuery(event.target.value)}
      onKeyDown={event => {
        if (event.key === 'Enter') {
          onEnter?.();
        }
      }}
    />
  );
}

/**
 * A namespace for `SearchBox` statics.
 */
export namespace SearchBox {
  export interface IProps {
    label: string;

    /**
     * Called for Enter.
     */
    onEnter?: () => void;
    onQuery: (query: string) => void;
    placeholder: string;
    query: string;
  }
}
