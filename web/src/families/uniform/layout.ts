// The way values share scales, and the way blocks align with windows.

import { describe, integer, invalid, listOf, output } from '../../core/arguments.js';
import { CHUNK } from '../../core/windows.js';
import type { Scheme, UniformOptions } from './types.js';

/** Groups of values that share a scale: runs of `block` values, or each of `columns` columns. */
export interface Layout {
  readonly block: number | null;
  readonly columns: number | null;
  readonly count: number;
}

/** One entry per block, in arrays that JavaScript owns; null for those that a scheme does not have. */
export interface Parameters {
  readonly scales: Float32Array;
  readonly minima: Float32Array | null;
  readonly zeroPoints: Int32Array | null;
}

export function emptyParameters(count: number, scheme: Scheme): Parameters {
  return {
    scales: output(Float32Array, count, undefined),
    minima: scheme === 'affine' ? output(Float32Array, count, undefined) : null,
    zeroPoints: scheme === 'asymmetric' ? output(Int32Array, count, undefined) : null,
  };
}

export function layoutOf(length: number, o: UniformOptions): Layout {
  if (o.axis === undefined) {
    if (o.shape !== undefined) throw invalid('shape goes with axis: 0 or 1');
    const block =
      o.block === undefined
        ? Math.max(length, 1)
        : integer('block', o.block, 1, Number.MAX_SAFE_INTEGER);
    return { block, columns: null, count: Math.ceil(length / block) };
  }
  if (o.block !== undefined) throw invalid('block and axis exclude each other');
  if (o.axis !== 0 && o.axis !== 1) throw invalid(`axis must be 0 or 1, got ${describe(o.axis)}`);
  const shape = listOf(o.shape, 2);
  if (shape?.length !== 2)
    throw invalid(`axis needs shape: [rows, columns], got ${describe(o.shape)}`);
  const rows = integer('shape[0]', shape[0], 0, Number.MAX_SAFE_INTEGER);
  const columns = integer('shape[1]', shape[1], 0, Number.MAX_SAFE_INTEGER);
  if (rows * columns !== length) {
    throw invalid(`shape [${rows}, ${columns}] needs ${rows * columns} values, got ${length}`);
  }
  if (o.axis === 0) return { block: Math.max(columns, 1), columns: null, count: length && rows };
  return { block: null, columns, count: length && columns };
}

/**
 * The largest window of whole blocks and whole bytes (a multiple of 8) that fits CHUNK; 0 if there is none.
 */
export function wholeBlocks(block: number): number {
  let unit = block;
  while (unit % 8 !== 0) unit *= 2;
  return unit <= CHUNK ? CHUNK - (CHUNK % unit) : 0;
}

/**
 * A position in a block, made to fit the 32-bit numbers of C++: for a block longer than a window only the
 * number of values left matters.
 */
export function inWindow(phase: number, block: number): { phase: number; block: number } {
  const near = Math.min(phase, CHUNK);
  return { phase: near, block: Math.min(block - phase + near, 2 * CHUNK) };
}
