// The scratch for values, codes and the parameters of blocks.

import type { Core } from '../../core/core.js';
import { CHUNK } from '../../core/windows.js';
import { packedBytes } from '../bits.js';
import type { BlocksAt, RangesAt, UniformFunctions } from './functions.js';
import type { Parameters } from './layout.js';

export class Room {
  readonly core: Core;
  readonly wasm: UniformFunctions;

  constructor(core: Core) {
    this.core = core;
    this.wasm = core.functions<UniformFunctions>();
  }

  /** Runs `work` with scratch for a window of values and codes, and for `count` ranges and parameters. */
  with<T>(
    count: number,
    work: (x: number, codes: number, ranges: RangesAt, blocks: BlocksAt) => T,
  ): T {
    const row = 4 * count;
    return this.core.memory.withScratch(
      [4 * CHUNK, CHUNK, row, row, row, row, row],
      (x, codes, min, max, scales, minima, zeroPoints) =>
        work(x, codes, { min, max }, { scales, minima, zeroPoints }),
    );
  }

  takeParameters(at: BlocksAt, first: number, count: number, to: Parameters): void {
    const { memory } = this.core;
    to.scales.set(memory.f32(at.scales, count), first);
    to.minima?.set(memory.f32(at.minima, count), first);
    to.zeroPoints?.set(memory.i32(at.zeroPoints, count), first);
  }

  /** Sets parameters that the scheme does not have to 0, for as many blocks as fit. */
  clearOthers({ minima, zeroPoints }: Parameters, count: number, at: BlocksAt): void {
    const { memory } = this.core;
    if (minima === null) memory.f32(at.minima, count).fill(0);
    if (zeroPoints === null) memory.i32(at.zeroPoints, count).fill(0);
  }

  /** The parameters that the scheme has. */
  giveParameters(from: Parameters, first: number, count: number, at: BlocksAt): void {
    const { memory } = this.core;
    const end = first + count;
    memory.f32(at.scales, count).set(from.scales.subarray(first, end));
    if (from.minima !== null) {
      memory.f32(at.minima, count).set(from.minima.subarray(first, end));
    }
    if (from.zeroPoints !== null) {
      memory.i32(at.zeroPoints, count).set(from.zeroPoints.subarray(first, end));
    }
  }

  takeCodes(at: number, start: number, n: number, width: number, to: Uint8Array): void {
    to.set(this.core.memory.u8(at, packedBytes(n, width)), (start / 8) * width);
  }
}
