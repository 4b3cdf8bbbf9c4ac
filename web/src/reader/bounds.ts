// Bounds on the numbers in a file, so that everything computed from them is finite.

import { corrupt } from '../vectors/corrupt.js';
import type { Contents } from '../vectors/file-contents.js';
import { LARGEST_NORM, type Segment, type Settings } from '../vectors/functions.js';
import { dot } from './query.js';

/** The largest norm of a decoded row: see transfer.cpp. */
const LARGEST_ROW = 130 * LARGEST_NORM;
export const LARGEST_SQUARE = 4.1e36;
const LARGEST_SCALE = 2e18;
const MAX_SEGMENTS = 512;

/** Throws unless the mean and the transform of a file are valid. */
export function checkLearned({ mean, learned, settings: { dims } }: Contents): void {
  if (mean !== null && !(dot(mean, mean) <= LARGEST_NORM ** 2))
    throw corrupt('a norm is too large');
  if (learned === null) return;
  const { matrix, segments } = learned;
  const isRight = ({ dims: wide, bits, scale }: Segment) =>
    bits <= 8 && bits !== 7 && wide > 0 && scale > 0 && scale <= LARGEST_SCALE;
  if (
    segments.length > MAX_SEGMENTS ||
    !segments.every(isRight) ||
    !segments.some(({ bits }) => bits > 0) ||
    segments.reduce((sum, segment) => sum + segment.dims, 0) !== dims ||
    !isOrthonormal(matrix, dims)
  ) {
    throw corrupt("'transform' is none");
  }
}

/**
 * Whether rows have norm 1, and random vectors of signs keep their length from either side: see learned.cpp.
 */
function isOrthonormal(matrix: Float32Array, dims: number): boolean {
  const isNear = (square: number, wanted: number) => Math.abs(square - wanted) <= 2e-3 * wanted;
  let random = 1;
  for (let round = 0; round < 3; round++) {
    let state = random;
    const rows = new Float64Array(dims);
    const columns = new Float64Array(dims);
    const squares = new Float64Array(dims);
    const signs = rows.map(() => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state < 0 ? -1 : 1;
    });
    matrix.forEach((value, at) => {
      const i = Math.floor(at / dims);
      rows[i] += signs[at % dims] * value;
      columns[at % dims] += signs[i] * value;
      squares[i] += value * value;
    });
    const isSound =
      squares.every((square) => isNear(Math.sqrt(square), 1)) &&
      [rows, columns].every((x) => isNear(dot(x, x), dims));
    if (!isSound) return false;
    random = (Math.imul(random, 747796405) + 0xac564b05) | 0;
  }
  return true;
}

/** Checks norms or products with the mean against their range. Throws for values outside it. */
export function within(values: Float32Array, least: number, most: number): Float32Array {
  for (const value of values) {
    if (!(value >= least && value <= most)) throw corrupt('a norm is too large');
  }
  return values;
}

/** The largest product with the mean that a vector can have, plus rounding: see transfer.cpp. */
export function largestProduct(mean: Float32Array, metric: Settings['metric']): number {
  const square = dot(mean, mean);
  const norm = Math.sqrt(square);
  return 1.01 * norm * ((metric === 'dot' ? LARGEST_NORM : 1) + norm) + 1e-5 * (1 + square);
}

/** Throws for rows of bits that have bits set beyond the last of `dims`. */
export function checkBits(bits: Uint8Array, dims: number): void {
  const width = (dims + 7) >> 3;
  const beyond = 255 >> (((dims - 1) % 8) + 1);
  for (let end = width - 1; end < bits.length; end += width) {
    if (bits[end] & beyond) throw corrupt('a bit is too far');
  }
}

/**
 * Throws unless the factors of each row, one per part, keep the row in bounds. Levels are read only where the
 * factors alone do not decide.
 */
export function checkFactors(
  factors: Float32Array,
  parts: readonly { dim: number; dims: number; scale: number }[],
  levels: (row: number) => Int8Array,
): void {
  for (let i = 0, row = 0; i < factors.length; i += parts.length, row++) {
    const squareBy = (of: (dim: number, dims: number) => number) =>
      parts.reduce((sum, { dim, dims, scale }, j) => {
        const factor = factors[i + j];
        return sum + (factor >= 0 ? (factor * scale) ** 2 * of(dim, dims) : NaN);
      }, 0);
    if (squareBy((_, dims) => 127 ** 2 * dims) <= LARGEST_ROW ** 2) continue;
    const read = levels(row);
    const squareOf = (dim: number, dims: number) => {
      const part = read.subarray(dim, dim + dims);
      return dot(part, part);
    };
    if (!(squareBy(squareOf) <= LARGEST_ROW ** 2)) throw corrupt('a factor is too large');
  }
}
