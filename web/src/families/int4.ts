import {
  describe,
  type FloatArray,
  integer,
  invalid,
  oneOf,
  options,
  output,
  toFloat32,
} from '../core/arguments.js';
import { type Core, check, type Outcome } from '../core/core.js';
import { CHUNK, convert, elements, give, windows } from '../core/windows.js';
import type { Bits } from './bits.js';

const METHODS = ['minmax', 'absmax'] as const;

export interface Int4Options {
  /** minmax: (max - min) / 15, the default. absmax: max|x| / 7. */
  scaleMethod?: (typeof METHODS)[number];
  /**
   * 'reference' wraps quotients beyond 8 bits as the original does; by default they saturate. The
   * two differ only for data that lies far to one side of zero.
   */
  mode?: 'reference';
}

export interface Int4Quantized {
  /** -8 to 7, one a byte; `pack` puts two into one. */
  readonly values: Int8Array;
  readonly scale: number;
  /** Always 0. */
  readonly zeroPoint: 0;
}

/**
 * The 4-bit symmetric quantizer of a small Python package, exactly, with its packing. For data that
 * lies to one side of zero `uniform` with 4 bits and scheme 'asymmetric' does better: without a
 * zero point minmax does not cover such data.
 */
export interface Int4 {
  /**
   * values = clip(round(x / scale), -8, 7), ties to even; a scale of 0 becomes 1.
   *
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity
   */
  quantize(x: FloatArray, options?: Int4Options): Int4Quantized;

  /** (value - zeroPoint) * scale. */
  dequantize(
    values: Int8Array,
    scale: number,
    zeroPoint?: number,
    out?: Float32Array,
  ): Float32Array;

  /** Two values a byte, the first in the low nibble; an odd length is padded with a 0. */
  pack(values: Int8Array): Uint8Array;

  /**
   * The inverse of `pack`.
   *
   * @param length values to return; by default two a byte
   */
  unpack(packed: Uint8Array, length?: number): Int8Array;
}

interface Int4Functions {
  int4_widen(x: number, n: number, range: number): Outcome;
  int4_scale(range: number, method: number): number;
  int4_quantize(x: number, n: number, scale: number, wrap: boolean, values: number): void;
  int4_dequantize(values: number, n: number, scale: number, zeroPoint: number, out: number): void;
}

const INT32_MAX = 2 ** 31 - 1;

export function createInt4(core: Core, bits: Bits): Int4 {
  const wasm = core.functions<Int4Functions>();
  const { memory } = core;

  const int8 = (name: string, values: unknown): Int8Array => {
    if (values instanceof Int8Array) return values;
    throw invalid(`${name} must be an Int8Array, got ${describe(values)}`);
  };

  return {
    quantize(given, givenOptions) {
      const x = toFloat32('x', given);
      const o = options<Int4Options>('options', givenOptions, ['scaleMethod', 'mode']);
      const method = METHODS.indexOf(oneOf('scaleMethod', o.scaleMethod ?? 'minmax', METHODS));
      if (o.mode !== undefined) oneOf('mode', o.mode, ['reference']);
      const values = output(Int8Array, x.length, undefined);
      const scale = memory.withScratch([4 * CHUNK, CHUNK, 8], (xAt, valuesAt, rangeAt) => {
        const start = x.length > 0 ? [Infinity, -Infinity] : [0, 0];
        memory.f32(rangeAt, 2).set(start);
        const each = (visit: (start: number, n: number) => void) =>
          windows(x.length, CHUNK, (first, n) => {
            give(memory, x, first, n, xAt);
            visit(first, n);
          });
        each((first, n) => check(wasm.int4_widen(xAt, n, rangeAt), 'x', first));
        const chosen = wasm.int4_scale(rangeAt, method);
        each((first, n) => {
          wasm.int4_quantize(xAt, n, chosen, o.mode === 'reference', valuesAt);
          values.set(memory.i8(valuesAt, n), first);
        });
        return chosen;
      });
      return { values, scale, zeroPoint: 0 };
    },

    dequantize(given, scale, zeroPoint = 0, givenOut?) {
      const values = int8('values', given);
      if (typeof scale !== 'number' || !Number.isFinite(scale)) {
        throw invalid(`scale must be a finite number, got ${describe(scale)}`);
      }
      integer('zeroPoint', zeroPoint, -INT32_MAX >> 1, INT32_MAX >> 1);
      const out = output(Float32Array, values.length, givenOut);
      convert(memory, values.length, elements(values), elements(out), (valuesAt, n, outAt) =>
        wasm.int4_dequantize(valuesAt, n, scale, zeroPoint, outAt),
      );
      return out;
    },

    pack(values) {
      return bits.pack(int8('values', values), 4);
    },

    unpack(packed, length) {
      if (!(packed instanceof Uint8Array)) {
        throw invalid(`packed must be a Uint8Array, got ${describe(packed)}`);
      }
      return bits.unpackSigned(packed, 4, length ?? 2 * packed.length);
    },
  };
}
