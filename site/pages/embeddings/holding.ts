// The opened vectors and their indexes.

import type { VectorIndex } from 'fewbits';
import type { Opened } from './messages.ts';
import type { Vectors } from './source.ts';

const SHOWN_LABELS = 2000;

export interface Holding {
  readonly name: string;
  readonly labels: readonly string[];
  readonly rows: ReadonlyMap<string, number>;
  readonly embed: Vectors['embed'];
  readonly dims: number;
  /** null for a stored index, which is opened without its vectors. */
  readonly x: Float32Array | null;
  readonly indexes: Map<number, VectorIndex>;
}

let held: Holding | null = null;

export function holding(): Holding {
  if (!held) throw new RangeError('no vectors have been opened');
  return held;
}

export function hold(parts: Omit<Holding, 'rows'>): Opened {
  drop();
  held = { ...parts, rows: new Map(parts.labels.map((label, row) => [label, row])) };
  return {
    name: held.name,
    size: held.labels.length,
    dims: held.dims,
    text: held.embed !== null,
    labels: held.labels.slice(0, SHOWN_LABELS),
  };
}

export function drop(): void {
  for (const index of held?.indexes.values() ?? []) index.dispose();
  held?.indexes.clear();
}

export function indexOf(bits: number): VectorIndex {
  const index = holding().indexes.get(bits);
  if (!index) throw new RangeError(`there is no index of ${bits} bits`);
  return index;
}
