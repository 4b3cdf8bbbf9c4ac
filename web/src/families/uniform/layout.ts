// How values share scales, and how blocks meet the windows that values cross in.

import { describe, integer, invalid, listOf, output } from '../../core/arguments.js';
import { CHUNK } from '../../core/windows.js';
import type { UniformOptions } from './types.js';

/** How values share scales: runs of `block`, or one block for each of `columns`. */
export interface Layout {
  readonly block: number | null;
  readonly columns: number | null;
  readonly count: number;
}

/** One entry a block, as arrays that JavaScript owns. */
export interface Parameters {
  readonly scales: Float32Array;
  readonly minima: Float32Array;
  readonly zeroPoints: Int32Array;
}

export function emptyParameters(count: number): Parameters {
  return {
    scales: output(Float32Array, count, undefined),
    minima: output(Float32Array, count, undefined),
    zeroPoints: output(Int32Array, count, undefined),
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

/** A multiple of 8 and of `block` that fits a chunk, so that windows begin blocks and bytes; or 0. */
export function wholeBlocks(block: number): number {
  let unit = block;
  while (unit % 8 !== 0) unit *= 2;
  return unit <= CHUNK ? CHUNK - (CHUNK % unit) : 0;
}

/**
 * A place in a block as C++ is told it, where 32 bits hold any number: of a block that reaches
 * beyond a window it matters only how much of it is left.
 */
export function inWindow(phase: number, block: number): { phase: number; block: number } {
  const near = Math.min(phase, CHUNK);
  return { phase: near, block: Math.min(block - phase + near, 2 * CHUNK) };
}
