// The 4-bit symmetric quantizer of a small Python package, with its packing.

import {
  describe,
  type FloatArray,
  integer,
  invalid,
  oneOf,
  options,
  output,
  toFloat32,
  typedArray,
} from '../core/arguments.js';
import { type Core, check, type Outcome } from '../core/core.js';
import { numbers } from '../core/numbers.js';
import { apart, CHUNK, convert, elements, give, windows } from '../core/windows.js';
import { type Bits, packedBytes } from './bits.js';
import { arrayField, fieldsOf } from './quantized.js';

const METHODS = ['minmax', 'absmax'] as const;

export interface Int4Options {
  /** minmax: (max - min) / 15, the default. absmax: max|x| / 7. */
  scaleMethod?: (typeof METHODS)[number] | undefined;
  /**
   * 'reference' wraps quotients beyond 8 bits around, as the original does; by default they saturate. The two
   * differ only for data far to one side of zero.
   */
  mode?: 'reference' | undefined;
}

export interface Int4Quantized {
  readonly kind: 'int4';
  /** Codes from -8 to 7, one per byte; `pack` puts two into a byte. */
  readonly values: Int8Array;
  readonly scale: number;
  /** Always 0. */
  readonly zeroPoint: 0;
  readonly length: number;
  /** Bytes when packed, including 4 for the scale. */
  readonly byteLength: number;
}

/**
 * The 4-bit symmetric quantizer of a small Python package, exactly, with its packing. For data on one side of
 * zero `uniform` with 4 bits and scheme 'asymmetric' is better: minmax without a zero point does not cover
 * such data.
 */
export interface Int4 {
  /**
   * Quantizes to values = clip(round(x / scale), -8, 7), ties to even; a scale of 0 becomes 1.
   *
   * @param out an Int8Array of x.length for the values, instead of a new one; partly written when the call
   *   fails
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity
   */
  quantize(x: FloatArray, options?: Int4Options, out?: Int8Array): Int4Quantized;

  /** Decodes the result of quantize to value * scale. */
  dequantize(q: Int4Quantized, out?: Float32Array): Float32Array;

  /** Decodes values from elsewhere to (value - zeroPoint) * scale. */
  dequantize(
    values: Int8Array,
    scale: number,
    zeroPoint?: number,
    out?: Float32Array,
  ): Float32Array;

  /** Packs two values per byte, the first in the low nibble; an odd length is padded with a 0. */
  pack(values: Int8Array): Uint8Array;

  /**
   * Unpacks the result of `pack`.
   *
   * @param length the number of values to return; by default two per byte
   */
  unpack(packed: Uint8Array, length?: number): Int8Array;
}

export interface Int4Functions {
  int4_widen(x: number, n: number, range: number): Outcome;
  int4_scale(range: number, method: number): number;
  int4_quantize(x: number, n: number, scale: number, wrap: boolean, values: number): void;
  int4_dequantize(values: number, n: number, scale: number, zeroPoint: number, out: number): void;
}

const INT32_MAX = 2 ** 31 - 1;

function dequantizeValues(
  core: Core,
  given: unknown,
  scale: unknown,
  zeroPoint: unknown = 0,
  givenOut?: unknown,
): Float32Array {
  const wasm = core.functions<Int4Functions>();
  const { memory } = core;
  const values = typedArray('values', given, ['Int8Array']);
  if (typeof scale !== 'number' || !Number.isFinite(scale)) {
    throw invalid(`scale must be a finite number, got ${describe(scale)}`);
  }
  const shift = integer('zeroPoint', zeroPoint, -INT32_MAX >> 1, INT32_MAX >> 1);
  const out = output(Float32Array, values.length, givenOut);
  convert(memory, values.length, elements(values), elements(out), (valuesAt, n, outAt) =>
    wasm.int4_dequantize(valuesAt, n, scale, shift, outAt),
  );
  return out;
}

function dequantizeData(core: Core, given: unknown, out: unknown): Float32Array {
  const q = fieldsOf<Int4Quantized>('int4', given, ({ values, scale, zeroPoint, length }) => ({
    values,
    scale,
    zeroPoint,
    length,
  }));
  const length = integer('q.length', q.length, 0, Number.MAX_SAFE_INTEGER);
  const values = arrayField('q.values', q.values, 'Int8Array', length);
  return dequantizeValues(core, values, q.scale, q.zeroPoint, out);
}

export function createInt4(core: Core, bits: Bits): Int4 {
  const wasm = core.functions<Int4Functions>();
  const { memory } = core;
  const methods = numbers(core, 'int4_scaleMethod', METHODS);

  function quantize(given: FloatArray, givenOptions?: Int4Options, givenOut?: Int8Array) {
    const asked = toFloat32('x', given);
    const o = options<Int4Options>('options', givenOptions, ['scaleMethod', 'mode']);
    const method = methods[oneOf('scaleMethod', o.scaleMethod ?? 'minmax', METHODS)];
    if (o.mode !== undefined) oneOf('mode', o.mode, ['reference']);
    const values = output(Int8Array, asked.length, givenOut);
    const x = apart(asked, values, givenOut);
    const scale = memory.withScratch([4 * CHUNK, CHUNK, 8], (xAt, valuesAt, rangeAt) => {
      memory.f32(rangeAt, 2).set(x.length > 0 ? [Infinity, -Infinity] : [0, 0]);
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
    const byteLength = packedBytes(x.length, 4) + 4;
    return { kind: 'int4', values, scale, zeroPoint: 0, length: x.length, byteLength } as const;
  }

  return {
    quantize,

    dequantize(given: unknown, second?: unknown, zeroPoint?: unknown, out?: unknown) {
      const loose = ArrayBuffer.isView(given) || typeof given !== 'object' || given === null;
      return loose
        ? dequantizeValues(core, given, second, zeroPoint, out)
        : dequantizeData(core, given, second);
    },

    pack: (values) => bits.pack(typedArray('values', values, ['Int8Array']), 4),

    unpack(given, length) {
      const packed = typedArray('packed', given, ['Uint8Array']);
      return bits.unpackSigned(packed, 4, length ?? 2 * packed.length);
    },
  };
}
