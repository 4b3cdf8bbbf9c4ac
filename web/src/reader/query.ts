// A query made ready for the scan, in the floats and with the rounding of the C++: query.cpp, row_coder.cpp.

import type { Settings } from '../vectors/functions.js';
import type { Layout, Part, Plane } from './coding.js';

/** What of a query is compared with rows, what their added values count for, and what scores have in common. */
export interface Centred {
  readonly x: Float32Array;
  readonly weight: number;
  readonly offset: number;
}

const f32 = Math.fround;
/** The square of a mean whose products with rows keep their digits in a float. */
const LEAST_MEAN = 1e-30;
/** Of rounded queries: below it a step has no reciprocal that is finite. */
const LEAST_STEP = 2 ** -126;

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** With `products` of rows with the mean, the query is brought near it too. */
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

/** Of a part, base + the planes' steps * sums is the product of the query with levels. */
export interface PartSteps {
  readonly base: number;
  readonly steps: readonly number[];
}

/** A query that is ready for the scan. */
export interface Ready {
  /**
   * What each byte of a code looks up, 256 entries a byte of a row; or values to multiply levels with;
   * or bits that rows of bits are compared with.
   */
  readonly table: Uint16Array | Int32Array | Uint32Array;
  /** What sums stand for. */
  readonly parts: readonly PartSteps[];
}

export function tablesOf({ parts, stride }: Layout, y: Float32Array): Ready {
  const table = new Uint16Array(stride * 256);
  const steps = parts.map((part) => {
    let base = 0;
    const planes = part.planes.map((plane) => {
      const { exact, lowest, widest } = sumsOf(part, plane, y);
      const step = widest > 0 ? Math.max(f32(widest / 255), LEAST_STEP) : 1;
      const inverse = f32(1 / step);
      // A file's scales may take sums beyond float: what is left has no meaning, and NaN becomes 0.
      const looked = new Uint8Array(exact.length);
      for (let i = 0; i < looked.length; i++) {
        looked[i] = Math.min(255, f32(f32(exact[i] * inverse) + 0.5));
      }
      // Halves are rounded up by what is added here. Bytes that a plane has not look up nothing.
      for (let byte = 0; byte < plane.stride; byte++) {
        const own = looked.subarray(byte * 32, byte * 32 + 32);
        const more = [1, 3, 1, 7][byte & 3];
        const at = (plane.start + byte) * 256;
        for (let code = 0; code < 256; code++) {
          table[at + code] = (~~own[code & 15] + ~~own[16 + (code >> 4)] + more) >> 1;
        }
      }
      // Sums are of means of eight, which three roundings raise by 1/4 each on average.
      const scale = step * 8;
      base += lowest;
      base -= scale * 0.75 * ((plane.bytes + 3) >> 2);
      return f32(scale);
    });
    return { base: f32(base), steps: planes };
  });
  return { table, parts: steps };
}

/** What the values of each nibble of a plane add up to, less the lowest sum. */
function sumsOf({ dim, dims, scale }: Part, { bits, bytes, levels }: Plane, y: Float32Array) {
  const exact = new Float32Array(bytes * 32);
  const last = levels.length - 1;
  let lowest = 0;
  let widest = 0;
  for (let at = 0, i = 0; at < exact.length; at += 16) {
    const sums = exact.subarray(at, at + 16);
    let low = 0;
    let high = 0;
    for (let size = 1; size < 16; size <<= bits, i++) {
      const value = i < dims ? f32(y[dim + i] * scale) : 0;
      const first = f32(levels[0] * value);
      const end = f32(levels[last] * value);
      low = f32(low + Math.min(first, end));
      high = f32(high + Math.max(first, end));
      for (let code = last; code >= 0; code--) {
        const part = f32(levels[code] * value);
        for (let j = 0; j < size; j++) sums[code * size + j] = sums[j] + part;
      }
    }
    for (let j = 0; j < 16; j++) sums[j] -= low;
    lowest += low;
    widest = Math.max(widest, f32(high - low));
  }
  return { exact, lowest, widest };
}

/** The query in seven bits, for codes that are levels. */
export function rounded(y: Float32Array, length: number): Ready {
  const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const step = largest > 0 ? Math.max(f32(largest / 63), LEAST_STEP) : 1;
  const inverse = f32(1 / step);
  const table = new Int32Array(length);
  y.forEach((value, i) => {
    table[i] = Math.trunc(f32(f32(value * inverse) + 64.5)) - 64;
  });
  return { table, parts: [{ base: 0, steps: [step] }] };
}

/** The bits of values above zero, in rows of so many bytes; scores are minus how many differ. */
export function signsOf(query: Float32Array, stride: number): Ready {
  const bytes = new Uint8Array(stride);
  query.forEach((value, i) => {
    if (value > 0) bytes[i >> 3] |= 128 >> (i & 7);
  });
  return { table: new Uint32Array(bytes.buffer), parts: [{ base: 0, steps: [-1] }] };
}
