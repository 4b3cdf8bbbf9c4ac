// Learning again from the vectors of a filled index, and coding them again.

import { invalid } from '../core/arguments.js';
import { NativeIndex } from './native.js';

/** The most vectors to learn from: more take longer without improving the result. */
const SAMPLE_ROWS = 8192;
/** Values that are decoded or coded at a time. */
const WINDOW_VALUES = 1 << 20;

/** Vectors `first` to `first + n` of an index, one after another. */
type Take = (first: number, n: number) => Float32Array;

/** The vectors decoded from the codes of an index. */
function decoded(index: NativeIndex): Take {
  const { dims, bits, refine } = index.settings;
  const finest = Math.max(bits, refine);
  if (finest < 4) {
    throw invalid(
      `codes of ${finest} bit${finest === 1 ? '' : 's'} hold too little of the vectors to learn from and to ` +
        'code again: give recalibrate() the vectors, in the order of ids()',
    );
  }
  return (first, n) => {
    const x = new Float32Array(n * dims);
    for (let i = 0; i < n; i++) x.set(index.reconstruct(first + i), i * dims);
    return x;
  };
}

/** A sample of vectors, evenly spread over all. */
function sampleOf(take: Take, rows: number, dims: number): Float32Array {
  if (rows <= SAMPLE_ROWS) return take(0, rows);
  const sample = new Float32Array(SAMPLE_ROWS * dims);
  for (let i = 0; i < SAMPLE_ROWS; i++) {
    sample.set(take(Math.floor((i * rows) / SAMPLE_ROWS), 1), i * dims);
  }
  return sample;
}

/**
 * Creates an index with the settings and rows of `index`, which has no removed rows, after learning from
 * them. `given` are its vectors; without them they are decoded from its codes.
 */
export function recalibrated(
  index: NativeIndex,
  rows: number,
  given: Float32Array | undefined,
  axes: boolean,
): NativeIndex {
  const { dims } = index.settings;
  const take: Take =
    given === undefined
      ? decoded(index)
      : (first, n) => given.subarray(first * dims, (first + n) * dims);
  const { metric } = index.settings;
  // Files of earlier versions have no products with the mean, but all rows are coded again here.
  const made = new NativeIndex(index.core, { ...index.settings, meanProducts: metric !== 'l2' });
  try {
    made.calibrate(sampleOf(take, rows, dims), axes);
    const step = Math.max(1, Math.floor(WINDOW_VALUES / dims));
    for (let first = 0; first < rows; first += step) {
      const x = take(first, Math.min(step, rows - first));
      if (first === 0) made.settleOn(x);
      made.add(x, first);
    }
    return made;
  } catch (error) {
    made.dispose();
    throw error;
  }
}
