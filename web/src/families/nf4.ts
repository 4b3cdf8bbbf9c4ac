// The 4-bit NormalFloat of QLoRA.

import {
  type FloatArray,
  integer,
  invalid,
  options,
  output,
  toFloat32,
} from '../core/arguments.js';
import { type Core, check, type Outcome } from '../core/core.js';
import { apart, CHUNK, give, windows } from '../core/windows.js';
import { arrayField, fieldsOf } from './quantized.js';

export interface Nf4Options {
  /** Values per block, which share a scale: an even number up to 32768; default 64. */
  readonly block?: number | undefined;
}

/** nf4 codes, and the largest magnitude of each block, which scales its levels. */
export interface Nf4Quantized {
  readonly kind: 'nf4';
  /** Two codes per byte, the first in the high half, as in bitsandbytes. */
  readonly codes: Uint8Array;
  readonly absmax: Float32Array;
  readonly block: number;
  readonly length: number;
  readonly byteLength: number;
}

/** The 4-bit NormalFloat of QLoRA, with the levels and decision bounds of bitsandbytes. */
export interface Nf4 {
  /**
   * Quantizes finite values block by block.
   *
   * @param out a Uint8Array of ceil(x.length / 2) for the codes, instead of a new one; partly written when a
   *   value is refused
   * @throws FewbitsError NON_FINITE with the index of the first NaN or infinity
   */
  quantize(x: FloatArray, options?: Nf4Options, out?: Uint8Array): Nf4Quantized;

  /**
   * Decodes the result of quantize.
   *
   * @throws FewbitsError INVALID_ARGUMENT when the parts do not fit each other
   */
  dequantize(q: Nf4Quantized, out?: Float32Array): Float32Array;
}

export interface Nf4Functions {
  floats_encode_nf4(x: number, n: number, block: number, absmax: number, out: number): Outcome;
  floats_decode_nf4(bytes: number, n: number, block: number, absmax: number, out: number): Outcome;
}

function blockOf(name: string, value: unknown): number {
  const block = integer(name, value, 2, CHUNK);
  if (block % 2 !== 0) throw invalid(`${name} must be even, got ${block}`);
  return block;
}

const fields = ({ codes, absmax, block, length }: Nf4Quantized) => ({
  codes,
  absmax,
  block,
  length,
});

export function createNf4(core: Core): Nf4 {
  const wasm = core.functions<Nf4Functions>();
  const { memory } = core;

  /** Calls `visit` for windows of whole blocks, with scratch for values, scales and codes. */
  function pieces(
    length: number,
    block: number,
    visit: (
      at: { x: number; absmax: number; codes: number },
      start: number,
      n: number,
      blocks: number,
    ) => void,
  ): void {
    const size = CHUNK - (CHUNK % block);
    memory.withScratch([4 * size, 4 * (size / block), size / 2], (x, absmax, codes) => {
      windows(length, size, (start, n) =>
        visit({ x, absmax, codes }, start, n, Math.ceil(n / block)),
      );
    });
  }

  return {
    quantize(given, givenOptions, givenOut) {
      const asked = toFloat32('x', given);
      const o = options<Nf4Options>('options', givenOptions, ['block']);
      const block = blockOf('block', o.block ?? 64);
      const codes = output(Uint8Array, Math.ceil(asked.length / 2), givenOut);
      const x = apart(asked, codes, givenOut);
      const absmax = output(Float32Array, Math.ceil(x.length / block), undefined);
      pieces(x.length, block, (at, start, n, blocks) => {
        give(memory, x, start, n, at.x);
        check(wasm.floats_encode_nf4(at.x, n, block, at.absmax, at.codes), 'x', start);
        absmax.set(memory.f32(at.absmax, blocks), start / block);
        codes.set(memory.u8(at.codes, Math.ceil(n / 2)), start / 2);
      });
      const byteLength = codes.byteLength + absmax.byteLength;
      return { kind: 'nf4', codes, absmax, block, length: x.length, byteLength };
    },

    dequantize(givenData, given) {
      const q = fieldsOf<Nf4Quantized>('nf4', givenData, fields);
      const length = integer('q.length', q.length, 0, Number.MAX_SAFE_INTEGER);
      const block = blockOf('q.block', q.block);
      const packed = arrayField('q.codes', q.codes, 'Uint8Array', Math.ceil(length / 2));
      const scales = arrayField('q.absmax', q.absmax, 'Float32Array', Math.ceil(length / block));
      const out = output(Float32Array, length, given);
      const [bytes, largest] = [apart(packed, out, given), apart(scales, out, given)];
      pieces(length, block, (at, start, n, blocks) => {
        give(memory, largest, start / block, blocks, at.absmax);
        const half = Math.ceil(n / 2);
        give(memory, bytes, start / 2, half, at.codes);
        check(wasm.floats_decode_nf4(at.codes, n, block, at.absmax, at.x), 'q', start);
        out.set(memory.f32(at.x, n), start);
      });
      return out;
    },
  };
}
