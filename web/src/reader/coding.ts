// The coding of rows in a file: the arrays that hold them, and the levels of their codes.

import { FewbitsError } from '../core/errors.js';
import { corrupt } from '../vectors/corrupt.js';
import type { Segment } from '../vectors/functions.js';

/** Codes of a few bits per value, with their own bytes in a row. */
export interface Plane {
  readonly bits: number;
  /** The level of each code. */
  readonly levels: readonly number[];
  /** The offset in a row of the file, and the length. */
  readonly byte: number;
  readonly bytes: number;
  /** The same in memory, where planes take multiples of eight bytes. */
  readonly start: number;
  readonly stride: number;
}

/** Coordinates with the same coding: a level is the sum over the planes. */
export interface Part {
  readonly dim: number;
  readonly dims: number;
  readonly scale: number;
  readonly planes: readonly Plane[];
}

export interface Layout {
  readonly dims: number;
  /** Whether codes are 8-bit levels themselves. */
  readonly areLevels: boolean;
  readonly parts: readonly Part[];
  /** Bytes of a row in the file. */
  readonly bytes: number;
  /** Bytes of a row in memory. */
  readonly stride: number;
}

/** Levels for the normal distribution (Max, 1960), positive half, ascending. */
const LLOYD_MAX: Readonly<Record<number, readonly number[]>> = {
  2: [38, 127],
  4: [6, 18, 31, 44, 58, 75, 96, 127],
};

/** The key of 8-bit levels among the codes by bits. */
const LEVELS = 9;

/** Planes of uniform codes, the high plane first: bits, lowest level and distance between levels. */
const UNIFORM: Readonly<Record<number, readonly number[][]>> = {
  0: [],
  1: [[1, -1, 2]],
  3: [
    [2, -6, 4],
    [1, -1, 2],
  ],
  5: [
    [4, -30, 4],
    [1, -1, 2],
  ],
  6: [
    [4, -60, 8],
    [2, -3, 2],
  ],
  8: [
    [4, -128, 16],
    [4, 0, 1],
  ],
  // levelsOf() stores them in 8 bits, where those from 128 on become negative.
  [LEVELS]: [[8, 0, 1]],
};

/** The bits and levels of each plane. */
function planesOf(bits: number): [bits: number, levels: number[]][] {
  const half = LLOYD_MAX[bits];
  if (half) return [[bits, [...half.map((level) => -level).reverse(), ...half]]];
  return UNIFORM[bits].map(([wide, lowest, step]) => [
    wide,
    Array.from({ length: 2 ** wide }, (_, code) => lowest + step * code),
  ]);
}

/**
 * Lays out segments in order; those of 0 bits take no bytes. Throws for an unknown number of bits.
 *
 * @param areLevels whether codes of 8 bits are levels
 */
export function layoutOf(segments: readonly Segment[], areLevels = false): Layout {
  const parts: Part[] = [];
  let dim = 0;
  let byte = 0;
  let start = 0;
  for (const { dims, bits, scale } of segments) {
    const planes = planesOf(areLevels ? LEVELS : bits);
    const laid = planes.map(([wide, levels]) => {
      const bytes = (dims * wide + 7) >> 3;
      const plane = { bits: wide, levels, byte, bytes, start, stride: (bytes + 7) & -8 };
      byte += bytes;
      start += plane.stride;
      return plane;
    });
    if (bits !== 0) parts.push({ dim, dims, scale, planes: laid });
    dim += dims;
  }
  return { parts, areLevels, dims: dim, bytes: byte, stride: start };
}

/** The levels of a row in memory. Coordinates without bits become 0. */
export function levelsOf({ parts, stride, dims }: Layout, codes: Uint8Array, row: number) {
  const out = new Int8Array(dims);
  for (const { dim, dims: wide, planes } of parts) {
    for (const { bits, levels, start } of planes) {
      for (let i = 0, bit = 0; i < wide; i++, bit += bits) {
        const code = codes[row * stride + start + (bit >>> 3)] >>> (bit & 7);
        out[dim + i] += levels[code & (2 ** bits - 1)];
      }
    }
  }
  return out;
}

/** Copies the rows of a file into the layout in memory. Throws CORRUPT_DATA for an invalid level. */
export function packed(layout: Layout, file: Uint8Array, rows: number): Uint8Array {
  const { parts, areLevels, bytes, stride } = layout;
  if (areLevels && file.includes(0x80)) throw corrupt('a code is no level');
  const codes = room(rows * stride);
  for (let row = 0; row < rows; row++) {
    for (const { planes } of parts) {
      for (const plane of planes) {
        const from = row * bytes + plane.byte;
        codes.set(file.subarray(from, from + plane.bytes), row * stride + plane.start);
      }
    }
  }
  return codes;
}

function room(bytes: number): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new FewbitsError('OUT_OF_MEMORY', 'no room for rows', { cause });
  }
}
