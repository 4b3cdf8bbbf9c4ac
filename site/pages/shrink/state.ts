// What the page knows and what was chosen on it.

import type { Measured, TypeCost } from './measure.ts';
import type { Opened, Plans, Shrunk, Source, Survey, Weighing } from './work.ts';

export interface Running {
  readonly fraction: number;
  readonly text: string;
}

/** The file, under the name of what it was made of and the type that was asked for: both may change meanwhile. */
export interface Made extends Shrunk {
  readonly name: string;
}

export interface State {
  readonly source: Source;
  /** Null while it is read. */
  readonly model: Opened | null;
  /** An importance matrix is being read. */
  readonly weighing: boolean;
  readonly importance: (Weighing & { readonly name: string }) | null;
  readonly survey: Survey | null;
  /** What was measured of whole tensors, by name and type. */
  readonly exact: ReadonlyMap<string, ReadonlyMap<string, TypeCost>>;
  /** Tensors that were measured in every type; with their bits. */
  readonly whole: ReadonlyMap<string, Measured>;
  readonly surveying: Running | null;
  readonly type: string;
  readonly rules: string;
  readonly again: 'keep' | 'convert';
  readonly plans: Plans | null;
  /** The tensor that is looked at. */
  readonly tensor: string;
  readonly block: number;
  readonly sub: number;
  readonly working: Running | null;
  readonly result: Made | null;
  readonly error: unknown;
  /** What is wrong with the rules. */
  readonly planError: unknown;
  readonly notice: string;
}

/** Nothing of what was measured holds any more. */
export const unmeasured = {
  survey: null,
  exact: new Map(),
  whole: new Map(),
  plans: null,
  planError: null,
  result: null,
};

export const started: State = {
  source: 'example',
  model: null,
  weighing: false,
  importance: null,
  survey: null,
  exact: new Map(),
  whole: new Map(),
  surveying: null,
  type: 'Q4_K',
  rules: '',
  again: 'keep',
  plans: null,
  tensor: '',
  block: 0,
  sub: 0,
  working: null,
  result: null,
  error: null,
  planError: null,
  notice: '',
};
