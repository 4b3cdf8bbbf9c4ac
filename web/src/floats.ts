import {
  describe,
  type FloatArray,
  integer,
  invalid,
  oneOf,
  output,
  toFloat32,
} from './core/arguments.js';
import type { Core } from './core/core.js';
import { CHUNK } from './core/memory.js';
import { type Inspection, type InspectType, inspect } from './inspect.js';

const BYTES = { f16: 2, bf16: 2 } as const;

/** Float formats that arrays are encoded to. */
export type FloatType = keyof typeof BYTES;

/** Short float formats and the bits of numbers. */
export interface Floats {
  /**
   * Rounds to the format, ties to even. f16 is IEEE 754-2019 binary16, bf16 the upper half of a
   * float32. Too large becomes infinity, too small a signed zero, NaN stays NaN.
   *
   * @returns little-endian bytes, two a value
   */
  encode(x: FloatArray, type: FloatType): Uint8Array;

  /**
   * The exact values of encoded numbers.
   *
   * @param length how many; `bytes` must hold just as many
   * @throws FewbitsError INVALID_ARGUMENT when it does not
   */
  decode(bytes: Uint8Array, type: FloatType, length: number, out?: Float32Array): Float32Array;

  /** How `type` stores a number: sign, exponent, mantissa, and what the format can hold. */
  inspect(value: number | bigint, type: InspectType): Inspection;
}

interface FloatsFunctions {
  floats_encode_f16(x: number, n: number, out: number): void;
  floats_decode_f16(bytes: number, n: number, out: number): void;
  floats_encode_bf16(x: number, n: number, out: number): void;
  floats_decode_bf16(bytes: number, n: number, out: number): void;
}

export function createFloats(core: Core): Floats {
  const wasm = core.functions<FloatsFunctions>();
  const { memory } = core;
  const types = Object.keys(BYTES) as FloatType[];
  return {
    encode(given, type) {
      const x = toFloat32('x', given);
      const bytesEach = BYTES[oneOf('type', type, types)];
      const out = output(Uint8Array, x.length * bytesEach, undefined);
      return memory.withScratch([4 * CHUNK, 4 * CHUNK], (xAt, outAt) => {
        for (let start = 0; start < x.length; start += CHUNK) {
          const n = Math.min(CHUNK, x.length - start);
          memory.f32(xAt, n).set(x.subarray(start, start + n));
          wasm[`floats_encode_${type}`](xAt, n, outAt);
          out.set(memory.u8(outAt, n * bytesEach), start * bytesEach);
        }
        return out;
      });
    },

    decode(bytes, type, length, given) {
      const bytesEach = BYTES[oneOf('type', type, types)];
      integer('length', length, 0, Number.MAX_SAFE_INTEGER);
      if (!(bytes instanceof Uint8Array) || bytes.length !== length * bytesEach) {
        throw invalid(
          `bytes must be a Uint8Array(${length * bytesEach}) for ${length} values of ${type}, got ${describe(bytes)}`,
        );
      }
      const out = output(Float32Array, length, given);
      return memory.withScratch([4 * CHUNK, 4 * CHUNK], (inAt, outAt) => {
        for (let start = 0; start < length; start += CHUNK) {
          const n = Math.min(CHUNK, length - start);
          const first = start * bytesEach;
          memory.u8(inAt, n * bytesEach).set(bytes.subarray(first, first + n * bytesEach));
          wasm[`floats_decode_${type}`](inAt, n, outAt);
          out.set(memory.f32(outAt, n), start);
        }
        return out;
      });
    },

    inspect,
  };
}
