// Quantization of blocks, short and long, and of columns.

import { type Core, check, indexOf, statusOf } from '../../core/core.js';
import { FewbitsError } from '../../core/errors.js';
import { STATUS } from '../../core/status.js';
import { CHUNK, give, windows } from '../../core/windows.js';
import type { BlocksAt, RangesAt } from './functions.js';
import { inWindow, type Layout, type Parameters, wholeBlocks } from './layout.js';
import { Room } from './room.js';

/** The error for a block whose scale or minimum is too large for float16. */
export const scaleTooLarge = (block: number) =>
  new FewbitsError(
    'UNSUPPORTED',
    `block ${block} needs a scale or minimum beyond 65504, the largest float16; use scaleType 'f32'`,
  );

/** How values become codes. */
export interface Format {
  readonly bits: number;
  /** The whole of it, as C++ takes it. */
  readonly number: number;
}

export class Encoder {
  readonly #room: Room;

  constructor(core: Core) {
    this.#room = new Room(core);
  }

  /** Fills `codes` and `to` with the codes and parameters of x. */
  encode(
    x: Float32Array,
    { block, columns }: Layout,
    format: Format,
    to: Parameters,
    codes: Uint8Array,
  ): void {
    if (x.length === 0) return;
    if (columns !== null) {
      this.#columns(x, columns, format, to, codes);
    } else if (block !== null) {
      const window = wholeBlocks(block);
      if (window > 0) this.#wholeBlocks(x, block, window, format, to, codes);
      else this.#longBlocks(x, block, format, to, codes);
    }
  }

  #chooseBlocks(ranges: RangesAt, first: number, count: number, format: Format, at: BlocksAt) {
    const chosen = this.#room.wasm.uniform_choose_blocks(
      ranges.min,
      ranges.max,
      count,
      format.number,
      at.scales,
      at.minima,
      at.zeroPoints,
    );
    if (statusOf(chosen) === STATUS.unsupported) throw scaleTooLarge(first + indexOf(chosen));
    check(chosen, 'x');
  }

  /** Quantizes blocks that fit a window: ranges and codes in one pass over the values. */
  #wholeBlocks(
    x: Float32Array,
    block: number,
    window: number,
    format: Format,
    to: Parameters,
    codes: Uint8Array,
  ): void {
    const room = this.#room;
    room.with(window / block, (xAt, codesAt, _, blocksAt) => {
      const { scales, minima, zeroPoints } = blocksAt;
      windows(x.length, window, (start, n) => {
        give(room.core.memory, x, start, n, xAt);
        const outcome = room.wasm.uniform_quantize_blocks(
          xAt,
          n,
          block,
          format.number,
          scales,
          minima,
          zeroPoints,
          codesAt,
        );
        if (statusOf(outcome) === STATUS.unsupported) {
          throw scaleTooLarge((start + indexOf(outcome)) / block);
        }
        check(outcome, 'x', start);
        room.takeParameters(blocksAt, start / block, Math.ceil(n / block), to);
        room.takeCodes(codesAt, start, n, format.bits, codes);
      });
    });
  }

  /** Quantizes blocks that do not fit a window: one pass for the ranges, one for the codes. */
  #longBlocks(
    x: Float32Array,
    block: number,
    format: Format,
    to: Parameters,
    codes: Uint8Array,
  ): void {
    const room = this.#room;
    const { memory } = room.core;
    const most = Math.ceil(CHUNK / block) + 1;
    room.with(most, (xAt, codesAt, rangesAt, blocksAt) => {
      const { scales, minima, zeroPoints } = blocksAt;
      const { min, max } = rangesAt;
      room.clearOthers(to, most, blocksAt);
      windows(x.length, CHUNK, (start, n) => {
        const phase = start % block;
        const first = (start - phase) / block;
        const count = Math.ceil((phase + n) / block);
        give(memory, x, start, n, xAt);
        // A block that continues from the previous window has its range in the first entry.
        const near = inWindow(phase, block);
        check(room.wasm.uniform_block_ranges(xAt, n, near.phase, near.block, min, max), 'x', start);
        this.#chooseBlocks(rangesAt, first, count, format, blocksAt);
        room.takeParameters(blocksAt, first, count, to);
        const last = count - 1;
        memory.f32(min, 1)[0] = memory.f32(min, count)[last];
        memory.f32(max, 1)[0] = memory.f32(max, count)[last];
      });
      windows(x.length, CHUNK, (start, n) => {
        const phase = start % block;
        const first = (start - phase) / block;
        give(memory, x, start, n, xAt);
        room.giveParameters(to, first, Math.ceil((phase + n) / block), blocksAt);
        const near = inWindow(phase, block);
        room.wasm.uniform_encode(
          xAt,
          n,
          near.phase,
          near.block,
          scales,
          minima,
          zeroPoints,
          format.number,
          codesAt,
        );
        room.takeCodes(codesAt, start, n, format.bits, codes);
      });
    });
  }

  #columns(
    x: Float32Array,
    columns: number,
    format: Format,
    to: Parameters,
    codes: Uint8Array,
  ): void {
    const room = this.#room;
    const { wasm, core } = room;
    const { memory } = core;
    room.with(columns, (xAt, codesAt, rangesAt, blocksAt) => {
      const { scales, minima, zeroPoints } = blocksAt;
      const { min, max } = rangesAt;
      memory.f32(min, columns).fill(Infinity);
      memory.f32(max, columns).fill(-Infinity);
      windows(x.length, CHUNK, (start, n) => {
        give(memory, x, start, n, xAt);
        check(wasm.uniform_column_ranges(xAt, n, start % columns, columns, min, max), 'x', start);
      });
      this.#chooseBlocks(rangesAt, 0, columns, format, blocksAt);
      room.takeParameters(blocksAt, 0, columns, to);
      windows(x.length, CHUNK, (start, n) => {
        give(memory, x, start, n, xAt);
        wasm.uniform_encode_columns(
          xAt,
          n,
          start % columns,
          columns,
          scales,
          minima,
          zeroPoints,
          format.number,
          codesAt,
        );
        room.takeCodes(codesAt, start, n, format.bits, codes);
      });
    });
  }
}
