// The state of the page, including the visitor's choices.

import type { Measured, TypeCost } from './measure.ts';
import type { Opened, Plans, Shrunk, Source, Survey, Weighing } from './work.ts';

export interface Running {
  readonly fraction: number;
  readonly text: string;
}

/** The written file, with the name of its source and the type: both choices may change in the meantime. */
export interface Made extends Shrunk {
  readonly name: string;
}

export interface State {
  readonly source: Source;
  /** Null while it is being read. */
  readonly model: Opened | null;
  /** Whether an importance matrix is being read. */
  readonly weighing: boolean;
  readonly importance: (Weighing & { readonly name: string }) | null;
  readonly survey: Survey | null;
  /** Measurements of whole tensors, by name and type. */
  readonly exact: ReadonlyMap<string, ReadonlyMap<string, TypeCost>>;
  /** Tensors that were measured in every type, with their bits. */
  readonly whole: ReadonlyMap<string, Measured>;
  readonly surveying: Running | null;
  readonly type: string;
  readonly rules: string;
  readonly again: 'keep' | 'convert';
  readonly plans: Plans | null;
  /** The selected tensor. */
  readonly tensor: string;
  readonly block: number;
  readonly sub: number;
  readonly working: Running | null;
  readonly result: Made | null;
  readonly error: unknown;
  /** The error in the rules. */
  readonly planError: unknown;
  readonly notice: string;
}

/** Resets all measurements and plans. */
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
