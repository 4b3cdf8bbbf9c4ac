// The messages between the page and its worker.

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
  /** Whether it can be searched with any text. */
  readonly text: boolean;
  /** Some labels, to choose from. */
  readonly labels: readonly string[];
}

export interface Measured {
  readonly bits: Width;
  readonly byteLength: number;
  readonly bytesPerVector: number;
  /** The mean share of the exact ten neighbours that are found, over the sample. */
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
  /** Whether exact search finds each result too; null when there is nothing to compare with. */
  readonly shared: readonly boolean[] | null;
}

/** The one index that this browser stores. */
export interface Kept {
  readonly name: string;
  readonly bytes: number;
}

export interface Query {
  readonly by: 'text' | 'item';
  readonly value: string;
}

export interface Answer {
  /** A description of the query. */
  readonly title: string;
  readonly hits: readonly Hits[];
}
