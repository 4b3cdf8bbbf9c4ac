// What the page asks of its worker, and what that answers.

export const WIDTHS = [8, 4, 2, 1] as const;
export type Width = (typeof WIDTHS)[number];
/** What an index learns before vectors are added. */
export type Learning = 'none' | 'mean' | 'axes';

export interface Source {
  /** null for the built-in set. */
  readonly file: File | null;
  readonly labels: File | null;
}

export interface Opened {
  readonly name: string;
  readonly size: number;
  readonly dims: number;
  /** Whether it can be searched by any text. */
  readonly text: boolean;
  /** Some labels, to choose from. */
  readonly labels: readonly string[];
}

export interface Measured {
  readonly bits: Width;
  readonly byteLength: number;
  readonly bytesPerVector: number;
  /** Mean share of the exact ten that are found, over the sample. */
  readonly recall: number;
  readonly milliseconds: number;
  readonly addMilliseconds: number;
  /** Whether codes are along principal axes. */
  readonly axes: boolean;
}

export interface Comparison {
  readonly measured: readonly Measured[];
  readonly exactMilliseconds: number;
  readonly queries: number;
}

export interface Hits {
  /** null for exact search. */
  readonly bits: number | null;
  readonly labels: readonly string[];
  readonly scores: readonly number[];
  readonly milliseconds: number;
  /** Those that exact search finds too; null when there is none to compare with. */
  readonly shared: readonly boolean[] | null;
}

/** The one index that this browser keeps. */
export interface Kept {
  readonly name: string;
  readonly bytes: number;
}

export interface Query {
  readonly by: 'text' | 'item';
  readonly value: string;
}

export interface Answer {
  /** What was searched for, in words. */
  readonly title: string;
  readonly hits: readonly Hits[];
}
