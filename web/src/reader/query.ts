// The preparation of a query for the scan, with the float rounding of the C++: query.cpp, row_coder.cpp.

import type { Settings } from '../vectors/functions.js';
import type { Layout, Part, Plane } from './coding.js';
import { differ, lookUp, multiply, type Sum } from './scan.js';
import { f32 } from './score.js';

/**
 * The centred query that is compared with rows, the weight of the rows' added values, and the offset of all
 * scores.
 */
export interface Centred {
  readonly x: Float32Array;
  readonly weight: number;
  readonly offset: number;
}

/** The least square of a mean whose products with rows keep their precision in a float. */
const LEAST_MEAN = 1e-30;
/** The least step of rounded queries: a smaller one has no finite reciprocal. */
const LEAST_STEP = 2 ** -126;

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Subtracts the mean; with `products` of rows with the mean, the query moves towards the mean too. */
export function centred(
  query: Float32Array,
  metric: Settings['metric'],
  mean: Float32Array | null,
  products: boolean,
): Centred {
  const less = (x: Float32Array, share: number) =>
    mean === null ? x : x.map((value, i) => value - share * mean[i]);
  if (metric === 'l2') {
    const x = less(query, 1);
    return { x, weight: -0.5, offset: -dot(x, x) };
  }
  const norm = metric === 'dot' ? 1 : Math.sqrt(dot(query, query));
  const x = query.map((value) => (norm > 0 ? value * (1 / norm) : 0));
  if (mean === null) return { x, weight: 0, offset: 0 };
  const offset = dot(x, mean);
  const square = dot(mean, mean);
  if (!products || !(square >= LEAST_MEAN)) return { x, weight: 0, offset };
  const least = offset / square;
  const left = Math.max(dot(x, x) - least * offset, 0);
  const weight = (least - 1) ** 2 * square <= 3 * left ? 1 : f32(least);
  return { x: less(x, weight), weight, offset };
}

/** The scale of a part: base + the sum of steps * sums is the product of the query with the levels. */
export interface PartSteps {
  readonly base: number;
  readonly steps: readonly number[];
}

/** A query prepared for the scan. */
export interface Ready<Table> {
  /**
   * Values by code byte, 256 entries per byte of a row; or factors for levels; or bits to compare with rows
   * of bits.
   */
  readonly table: Table;
  /** The scan that uses the table. */
  readonly sum: Sum<Table>;
  /** The scale of the sums. */
  readonly parts: readonly PartSteps[];
}

export function tablesOf({ parts, stride }: Layout, y: Float32Array): Ready<Uint16Array> {
  const table = new Uint16Array(stride * 256);
  const steps = parts.map((part) => {
    let base = 0;
    const planes = part.planes.map((plane) => {
      const { exact, lowest, widest } = sumsOf(part, plane, y);
      const step = widest > 0 ? Math.max(f32(widest / 255), LEAST_STEP) : 1;
      const inverse = f32(1 / step);
      // The scales of a file can make sums exceed float range: they are meaningless then, and NaN becomes 0.
      const looked = new Uint8Array(exact.length);
      for (let i = 0; i < looked.length; i++) {
        looked[i] = Math.min(255, f32(f32(exact[i] * inverse) + 0.5));
      }
      // The added constants round halves up. Bytes beyond the plane look up nothing but these.
      for (let byte = 0; byte < plane.stride; byte++) {
        const own = looked.subarray(byte * 32, byte * 32 + 32);
        const more = [1, 3, 1, 7][byte & 3];
        const at = (plane.start + byte) * 256;
        for (let code = 0; code < 256; code++) {
          table[at + code] = (~~own[code & 15] + ~~own[16 + (code >> 4)] + more) >> 1;
        }
      }
      // Each sum is a mean of eight values; three roundings raise it by 1/4 each on average.
      const scale = step * 8;
      base += lowest;
      base -= scale * 0.75 * ((plane.bytes + 3) >> 2);
      return f32(scale);
    });
    return { base: f32(base), steps: planes };
  });
  return { table, sum: lookUp, parts: steps };
}

/** The sums of values for each nibble of a plane, minus the lowest sum. */
function sumsOf({ dim, dims, scale }: Part, { bits, bytes, levels }: Plane, y: Float32Array) {
  const exact = new Float32Array(bytes * 32);
  let lowest = 0;
  let widest = 0;
  for (let at = 0, i = 0; at < exact.length; at += 16) {
    const sums = exact.subarray(at, at + 16);
    for (let size = 1; size < 16; size <<= bits, i++) {
      const value = i < dims ? f32(y[dim + i] * scale) : 0;
      for (let code = levels.length; code-- > 0; ) {
        const part = f32(levels[code] * value);
        for (let j = 0; j < size; j++) sums[code * size + j] = sums[j] + part;
      }
    }
    const low = Math.min(...sums);
    for (let j = 0; j < 16; j++) sums[j] -= low;
    lowest += low;
    widest = Math.max(widest, ...sums);
  }
  return { exact, lowest, widest };
}

/** Rounds the query to seven bits, for codes that are levels. */
export function rounded(y: Float32Array, length: number): Ready<Int32Array> {
  const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const step = largest > 0 ? Math.max(f32(largest / 63), LEAST_STEP) : 1;
  const inverse = f32(1 / step);
  const table = new Int32Array(length);
  y.forEach((value, i) => {
    table[i] = Math.trunc(f32(f32(value * inverse) + 64.5)) - 64;
  });
  return { table, sum: multiply, parts: [{ base: 0, steps: [step] }] };
}

/**
 * The bits of values above zero, in a row of `stride` bytes; the score is minus the number of differing bits.
 */
export function signsOf(query: Float32Array, stride: number): Ready<Uint32Array> {
  const bytes = new Uint8Array(stride);
  query.forEach((value, i) => {
    if (value > 0) bytes[i >> 3] |= 128 >> (i & 7);
  });
  return { table: new Uint32Array(bytes.buffer), sum: differ, parts: [{ base: 0, steps: [-1] }] };
}
