// The state of the page, including the visitor's choices.

import type { Answer, Comparison, Kept, Learning, Opened, Query, Source } from './messages.ts';

export interface State {
  readonly source: Source;
  readonly opened: Opened | null;
  /** Width and size of a stored index that is open now, without float vectors. */
  readonly reopened: { readonly bits: number; readonly bytes: number } | null;
  readonly learning: Learning;
  readonly comparison: Comparison | null;
  readonly query: Query;
  readonly answer: Answer | null;
  readonly bits: string;
  /** Name and size of the index that the browser stores. */
  readonly kept: Kept | null;
  readonly working: { readonly fraction: number; readonly text: string } | null;
  readonly error: unknown;
  readonly notice: string;
}

export const BUILT_IN: Source = { file: null, labels: null };

export const started: State = {
  source: BUILT_IN,
  opened: null,
  reopened: null,
  learning: 'none',
  comparison: null,
  query: { by: 'text', value: '' },
  answer: null,
  bits: '4',
  kept: null,
  working: null,
  error: null,
  notice: '',
};
