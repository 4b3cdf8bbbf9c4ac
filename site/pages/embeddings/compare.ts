// Indexes of every width, compared with exact search: recall, time and size.

import { type Fewbits, load, type VectorIndex } from 'fewbits';
import type { Work } from '../../shared/worker.ts';
import { exactSearch } from './exact.ts';
import { drop, holding } from './holding.ts';
import { type Comparison, type Learning, type Measured, WIDTHS, type Width } from './messages.ts';

/** The number of neighbours to search for. */
export const K = 10;
const QUERIES = 200;
const SAMPLE = 8192;
/** The seed of the rotation: not that of the built-in file, whose codes would be reproduced exactly. */
const SEED = 1;
/** Searches before the measurement, while code is still being compiled. */
const WARM_UP = 20;
/** Floats that are added at a time. */
const BATCH = 2 ** 20;

interface Vectors {
  readonly x: Float32Array;
  readonly dims: number;
  readonly labels: readonly string[];
}

type Progress = (fraction: number, text: string) => Promise<void>;

/** `count` rows, evenly spaced. */
function spread(size: number, count: number): number[] {
  const n = Math.min(size, count);
  return Array.from({ length: n }, (_, i) => Math.floor((i * size) / n));
}

function gather(x: Float32Array, dims: number, rows: readonly number[]): Float32Array {
  const result = new Float32Array(rows.length * dims);
  rows.forEach((row, i) => {
    result.set(x.subarray(row * dims, (row + 1) * dims), i * dims);
  });
  return result;
}

async function build(
  fb: Fewbits,
  { x, dims, labels }: Vectors,
  bits: Width,
  learning: Learning,
  progress: Progress,
): Promise<VectorIndex> {
  const index = fb.createIndex({ dims, bits, seed: SEED });
  try {
    if (learning !== 'none') {
      await progress(0, `${bits} bits: learning`);
      index.calibrate(gather(x, dims, spread(labels.length, SAMPLE)), { method: learning });
    }
    const step = Math.max(1, Math.floor(BATCH / dims));
    for (let row = 0; row < labels.length; row += step) {
      const end = Math.min(row + step, labels.length);
      index.add(x.subarray(row * dims, end * dims), labels.slice(row, end));
      await progress(end / labels.length, `${bits} bits: adding`);
    }
    return index;
  } catch (error) {
    index.dispose();
    throw error;
  }
}

/** The neighbours without the row that the query was taken from. */
const others = <T>(found: readonly T[], self: T): T[] =>
  found.filter((one) => one !== self).slice(0, K);

const rowOf = ({ x, dims }: Vectors, row: number) => x.subarray(row * dims, (row + 1) * dims);

/** The neighbours of the rows in `sample` by exact search, and the time per search. */
async function exactly(vectors: Vectors, sample: readonly number[], progress: Progress) {
  const { x, dims, labels } = vectors;
  for (const row of sample.slice(0, WARM_UP)) exactSearch(x, dims, rowOf(vectors, row), K + 1);
  const exact: string[][] = [];
  let elapsed = 0;
  for (const [i, row] of sample.entries()) {
    const start = performance.now();
    const { rows } = exactSearch(x, dims, rowOf(vectors, row), K + 1);
    elapsed += performance.now() - start;
    exact.push(
      others(
        rows.map((found) => labels[found]),
        labels[row],
      ),
    );
    if (i % 8 === 7) await progress((i + 1) / sample.length, 'Exact search');
  }
  return { exact, milliseconds: elapsed / sample.length };
}

/** Measures how well an index finds the neighbours of exact search. */
function measure(
  index: VectorIndex,
  vectors: Vectors,
  sample: readonly number[],
  exact: readonly string[][],
): Omit<Measured, 'bits' | 'addMilliseconds'> {
  const queries = sample.map((row) => rowOf(vectors, row));
  for (const query of queries.slice(0, WARM_UP)) index.search(query, { k: K + 1 });
  const began = performance.now();
  const results = queries.map((query) => index.search(query, { k: K + 1 }).ids.map(String));
  const milliseconds = (performance.now() - began) / queries.length;
  let found = 0;
  let wanted = 0;
  results.forEach((ids, q) => {
    const mine = others(ids, vectors.labels[sample[q]]);
    found += mine.filter((id) => exact[q].includes(id)).length;
    wanted += exact[q].length;
  });
  const { bytesPerVector, byteLength, calibrated: axes } = index.stats();
  const recall = wanted > 0 ? found / wanted : 1;
  return { byteLength, bytesPerVector, recall, milliseconds, axes };
}

/** Builds the indexes of every width, and compares them with exact search. */
export async function compare(learning: Learning, work: Work): Promise<Comparison> {
  const fb = await load();
  const { x, dims, labels, indexes } = holding();
  if (!x) throw new RangeError('there are no float vectors to compare with');
  drop();
  const stages = WIDTHS.length + 1;
  const stage =
    (done: number): Progress =>
    async (fraction, text) => {
      work.progress((done + fraction) / stages, text);
      await work.checkpoint();
    };

  const vectors = { x, dims, labels };
  const sample = spread(labels.length, QUERIES);
  const { exact, milliseconds } = await exactly(vectors, sample, stage(0));
  const measured: Measured[] = [];
  for (const [i, bits] of WIDTHS.entries()) {
    const start = performance.now();
    const index = await build(fb, vectors, bits, learning, stage(i + 1));
    const addMilliseconds = performance.now() - start;
    indexes.set(bits, index);
    measured.push({ bits, addMilliseconds, ...measure(index, vectors, sample, exact) });
  }
  return { measured, exactMilliseconds: milliseconds, queries: sample.length };
}
