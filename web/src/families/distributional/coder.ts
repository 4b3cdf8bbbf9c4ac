// Encoding and decoding by a codebook, with codes packed into words or not.

import { type Core, check } from '../../core/core.js';
import { CHUNK, give, windows } from '../../core/windows.js';
import { bitsOf } from './checks.js';
import { withObject } from './fit.js';
import type { DistributionalFunctions, Formula } from './functions.js';
import type { DistributionalCodebook, DistributionalData } from './types.js';

/** The layout of codes in an array of `length` values. */
export interface Layout {
  readonly length: number;
  /** Bits per code in a word, and codes per word; perWord is 1 where codes are not packed. */
  readonly bits: number;
  readonly perWord: number;
  readonly packbits: boolean;
  /** Whether a code that is not packed takes two bytes. */
  readonly wide: boolean;
  readonly block: number | null;
  /** The number of blocks with their own loc and scale. */
  readonly blocks: number;
  /** The kind of the array, and its length. */
  readonly kind: 'BigInt64Array' | 'Uint16Array' | 'Uint8Array';
  readonly elements: number;
}

export function layoutOf(
  length: number,
  n: number,
  packbits: boolean,
  block: number | null,
): Layout {
  const bits = bitsOf(n);
  const wide = n > 256;
  const perWord = packbits ? Math.floor(64 / bits) : 1;
  return {
    length,
    bits,
    perWord,
    packbits,
    wide,
    block,
    blocks: block === null ? 0 : Math.ceil(length / block),
    kind: packbits ? 'BigInt64Array' : wide ? 'Uint16Array' : 'Uint8Array',
    elements: Math.ceil(length / perWord),
  };
}

/** The loc and scale of each block. */
export interface BlockParameters {
  readonly locs: Float32Array;
  readonly scales: Float32Array;
}

/** The addresses of a window in WebAssembly memory. */
interface Room {
  readonly values: number;
  readonly codes: number;
  readonly words: number;
  readonly locs: number;
  readonly scales: number;
}

const bytesOf = (a: DistributionalData) =>
  new Uint8Array(a.buffer as ArrayBuffer, a.byteOffset, a.byteLength);

/** Runs `work` with a codebook in C++, which is destroyed afterwards. */
export function withCoder<T>(core: Core, work: (coder: Coder) => T): T {
  const wasm = core.functions<DistributionalFunctions>();
  return withObject(wasm.distributional_coder_create, wasm.distributional_coder_destroy, (object) =>
    work(new Coder(core, object)),
  );
}

export class Coder {
  readonly #core: Core;
  readonly #wasm: DistributionalFunctions;
  readonly #object: number;

  constructor(core: Core, object: number) {
    this.#core = core;
    this.#wasm = core.functions<DistributionalFunctions>();
    this.#object = object;
  }

  setTables({ thresholds, levels }: DistributionalCodebook): void {
    const { memory } = this.#core;
    const n = levels.length;
    memory.withScratch([4 * thresholds.length, 4 * n], (thresholdsAt, levelsAt) => {
      memory.f32(thresholdsAt, thresholds.length).set(thresholds);
      memory.f32(levelsAt, n).set(levels);
      const set = this.#wasm.distributional_coder_tables(this.#object, n, thresholdsAt, levelsAt);
      check(set, 'codebook');
    });
  }

  setFormula(formula: Formula, reference: boolean): void {
    check(this.#wasm.distributional_coder_formula(this.#object, formula, reference), 'options');
  }

  /**
   * Sets a codebook per block. The loc and scale of `formula` are ignored; `zero` is the loc of every block,
   * or null.
   */
  setBlocks(formula: Formula, zero: number | null): void {
    const [object, has] = [this.#object, zero !== null];
    check(this.#wasm.distributional_coder_blocks(object, formula, has, zero ?? 0), 'options');
  }

  /** The codebook of n levels that is set. */
  tables(n: number): DistributionalCodebook {
    const { memory } = this.#core;
    const thresholds = this.#wasm.distributional_coder_thresholds(this.#object);
    const levels = this.#wasm.distributional_coder_levels(this.#object);
    return {
      thresholds: memory.f32(thresholds, n - 1).slice(),
      levels: memory.f32(levels, n).slice(),
    };
  }

  /** Fills `data` with the codes of x, and `parameters` if there are blocks; returns the mean errors. */
  encode(
    x: Float32Array,
    layout: Layout,
    data: DistributionalData,
    parameters: BlockParameters,
  ): { absolute: number; squared: number } {
    const bytes = bytesOf(data);
    const { memory } = this.#core;
    const { bits, wide, perWord, packbits } = layout;
    const width = wide ? 2 : 1;
    this.#pieces(layout, (at, start, n) => {
      give(memory, x, start, n, at.values);
      this.#encodePiece(layout, at, start, n, parameters);
      if (packbits) {
        this.#wasm.distributional_pack_words(at.codes, n, bits, wide, at.words);
        const words = Math.ceil(n / perWord);
        bytes.set(memory.u8(at.words, 8 * words), (start / perWord) * 8);
      } else {
        bytes.set(memory.u8(at.codes, width * n), start * width);
      }
    });
    return this.#wasm.distributional_coder_errors(this.#object);
  }

  #encodePiece(
    { block, wide }: Layout,
    at: Room,
    start: number,
    n: number,
    { locs, scales }: BlockParameters,
  ): void {
    const [wasm, object] = [this.#wasm, this.#object];
    if (block === null) {
      check(wasm.distributional_encode(object, at.values, n, wide, at.codes), 'x', start);
      return;
    }
    const { values, codes } = at;
    check(
      wasm.distributional_encode_blocks(object, values, n, block, at.locs, at.scales, wide, codes),
      'x',
      start,
    );
    const { memory } = this.#core;
    const blocks = Math.ceil(n / block);
    locs.set(memory.f32(at.locs, blocks), start / block);
    scales.set(memory.f32(at.scales, blocks), start / block);
  }

  /** Fills `out` with the values of the codes in `data`. */
  decode(
    data: DistributionalData,
    layout: Layout,
    parameters: BlockParameters,
    out: Float32Array,
  ): void {
    const bytes = bytesOf(data);
    const { memory } = this.#core;
    const { bits, wide, perWord, packbits } = layout;
    const width = wide ? 2 : 1;
    this.#pieces(layout, (at, start, n) => {
      if (packbits) {
        const first = (start / perWord) * 8;
        const words = 8 * Math.ceil(n / perWord);
        give(memory, bytes, first, words, at.words);
        this.#wasm.distributional_unpack_words(at.words, n, bits, wide, at.codes);
      } else {
        give(memory, bytes, start * width, n * width, at.codes);
      }
      this.#decodePiece(layout, at, start, n, parameters);
      out.set(memory.f32(at.values, n), start);
    });
  }

  #decodePiece(
    { block, wide }: Layout,
    at: Room,
    start: number,
    n: number,
    { locs, scales }: BlockParameters,
  ): void {
    const [wasm, object] = [this.#wasm, this.#object];
    if (block === null) {
      check(wasm.distributional_decode(object, at.codes, n, wide, at.values), 'data', start);
      return;
    }
    const { memory } = this.#core;
    const { values, codes } = at;
    const first = start / block;
    const blocks = Math.ceil(n / block);
    give(memory, locs, first, blocks, at.locs);
    give(memory, scales, first, blocks, at.scales);
    check(
      wasm.distributional_decode_blocks(object, codes, n, block, at.locs, at.scales, wide, values),
      'data',
      start,
    );
  }

  /** Calls `visit` with scratch memory for windows that end where words and blocks end. */
  #pieces(
    { length, perWord, block, wide }: Layout,
    visit: (at: Room, start: number, n: number) => void,
  ): void {
    // The loop is short: a block holds few words, or a word few blocks.
    let unit = block ?? 1;
    while (unit % perWord !== 0) unit += block ?? 1;
    const window = Math.max(1, Math.floor(CHUNK / unit)) * unit;
    const most = Math.min(window, length);
    const blocks = block === null ? 0 : 4 * Math.ceil(most / block);
    const room = [4 * most, (wide ? 2 : 1) * most, 8 * Math.ceil(most / perWord), blocks, blocks];
    this.#core.memory.withScratch(room, (values, codes, words, locs, scales) => {
      const at = { values, codes, words, locs, scales };
      windows(length, window, (start, n) => visit(at, start, n));
    });
  }
}
