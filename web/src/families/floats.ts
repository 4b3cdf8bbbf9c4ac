// Short float formats, and the bits of numbers.

import { type FloatArray, integer, oneOf, options, output, toFloat32 } from '../core/arguments.js';
import { type Core, check, type Outcome } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import { apart, convert, elements, type Side } from '../core/windows.js';
import { type Inspection, type InspectType, inspect } from './inspect.js';
import { createNf4, type Nf4 } from './nf4.js';
import { arrayField, fieldsOf } from './quantized.js';

/** Bits per value. */
const BITS = { f16: 16, bf16: 16, f8_e4m3: 8, f8_e5m2: 8, f4_e2m1: 4 } as const;

/** Float formats that arrays can be encoded to. */
export type FloatType = keyof typeof BITS;

export interface FloatsOptions {
  readonly type: FloatType;
}

/** Encoded numbers with everything that decoding needs: plain data, suitable for structured cloning. */
export interface FloatsQuantized {
  readonly kind: 'floats';
  readonly type: FloatType;
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly byteLength: number;
}

/** Short float formats, and the bits of numbers. */
export interface Floats {
  /**
   * Rounds values to a format, ties to even.
   *
   * f16 is IEEE 754-2019 binary16, bf16 the upper half of a float32, f8_e4m3 and f8_e5m2 are OCP's 8-bit
   * floats, f4_e2m1 the elements of OCP's microscaling formats, without their scales. A value that is too
   * small becomes a signed zero. One that is too large becomes infinity where the format has it (f16, bf16,
   * f8_e5m2), else the largest value: 448 or 6. NaN stays NaN, but f4_e2m1 has none.
   *
   * @param out an array for the bytes, of exactly their length; partly written when a value is refused
   * @returns little-endian bytes; f4_e2m1 has two values in each, the first in the low half
   * @throws FewbitsError NON_FINITE with the index of an infinity in f8_e4m3, or of an infinity or NaN in
   *   f4_e2m1
   */
  encode(x: FloatArray, type: FloatType, out?: Uint8Array): Uint8Array;

  /**
   * Decodes numbers to their exact values.
   *
   * @param length the number of values; `bytes` must hold exactly that many
   * @throws FewbitsError INVALID_ARGUMENT when it does not
   */
  decode(bytes: Uint8Array, type: FloatType, length: number, out?: Float32Array): Float32Array;

  /**
   * Encodes to data that include what decoding needs. Unlike `encode`, it refuses values that the format
   * would turn into infinities or clamp to its largest value.
   *
   * @throws FewbitsError NON_FINITE with the index of such a value
   */
  quantize(x: FloatArray, options: FloatsOptions, out?: Uint8Array): FloatsQuantized;

  /** Decodes the result of `quantize`. */
  dequantize(q: FloatsQuantized, out?: Float32Array): Float32Array;

  /** 4-bit NormalFloat: sixteen uneven levels times the largest magnitude of a block. */
  readonly nf4: Nf4;

  /** Shows how `type` stores a number: sign, exponent, mantissa, and the range of the format. */
  inspect(value: number | bigint, type: InspectType): Inspection;
}

/** Formats that hold NaN and infinities. */
type Whole = 'f16' | 'bf16' | 'f8_e5m2';

/** Encoders of the other formats report the index of a value that they refuse. */
export type FloatsFunctions = {
  [name in `floats_encode_${Whole}`]: (x: number, n: number, out: number) => void;
} & {
  [name in `floats_encode_${Exclude<FloatType, Whole>}`]: (
    x: number,
    n: number,
    out: number,
  ) => Outcome;
} & {
  [name in `floats_decode_${FloatType}`]: (bytes: number, n: number, out: number) => void;
};

type Encode = FloatsFunctions[`floats_encode_${FloatType}`];
type Decode = FloatsFunctions[`floats_decode_${FloatType}`];

const bytesOf = (type: FloatType, n: number) => Math.ceil((n * BITS[type]) / 8);

/** The side of encoded numbers in a conversion. */
const encoded = (array: Uint8Array, type: FloatType): Side => ({
  array,
  bytes: (n) => bytesOf(type, n),
});

/** The largest value of each format, and the smallest that would round to more than it. */
const RANGES: Record<FloatType, readonly [largest: number, end: number]> = {
  f16: [65504, 65520],
  bf16: [2 ** 128 - 2 ** 120, 2 ** 128 - 2 ** 119],
  f8_e4m3: [448, 464],
  f8_e5m2: [57344, 61440],
  f4_e2m1: [6, 7],
};

function checkRange(x: Float32Array, type: FloatType): void {
  const [largest, end] = RANGES[type];
  for (let i = 0; i < x.length; i++) {
    const size = Math.abs(x[i]);
    if (size < end || !Number.isFinite(x[i])) continue;
    throw new FewbitsError(
      'NON_FINITE',
      `x[${i}] is ${x[i]}, beyond ${largest}, the largest ${type}; bf16 reaches further, and encode() rounds as the format says`,
    );
  }
}

const types = /* @__PURE__ */ Object.keys(BITS) as readonly FloatType[];

/** The functions of each type, looked up once: building their names takes as long as a short call. */
const codecsOf = (wasm: FloatsFunctions) =>
  Object.fromEntries(
    types.map((type) => {
      const decode = wasm[`floats_decode_${type}`];
      return [type, { encode: wasm[`floats_encode_${type}`], decode }];
    }),
  ) as Record<FloatType, { encode: Encode; decode: Decode }>;

export function createFloats(core: Core): Floats {
  const wasm = core.functions<FloatsFunctions>();
  const { memory } = core;
  const codecs = codecsOf(wasm);

  function encode(given: unknown, typeName: unknown, givenOut?: unknown): Uint8Array {
    const x = toFloat32('x', given);
    const type = oneOf('type', typeName, types);
    const out = output(Uint8Array, bytesOf(type, x.length), givenOut);
    const from = elements(apart(x, out, givenOut));
    convert(memory, x.length, from, encoded(out, type), (xAt, n, outAt, start) => {
      const outcome = codecs[type].encode(xAt, n, outAt);
      if (outcome) check(outcome, 'x', start);
    });
    return out;
  }

  function decode(
    given: unknown,
    typeName: unknown,
    givenLength: unknown,
    givenOut?: unknown,
  ): Float32Array {
    const type = oneOf('type', typeName, types);
    const length = integer('length', givenLength, 0, Number.MAX_SAFE_INTEGER);
    const what = () => `${length} values of ${type}`;
    const bytes = arrayField('bytes', given, 'Uint8Array', bytesOf(type, length), what);
    const out = output(Float32Array, length, givenOut);
    const from = encoded(apart(bytes, out, givenOut), type);
    convert(memory, length, from, elements(out), codecs[type].decode);
    return out;
  }

  return {
    nf4: createNf4(core),
    encode,
    decode,

    quantize(given, givenOptions, out) {
      const { type } = options<FloatsOptions>('options', givenOptions, ['type']);
      const x = toFloat32('x', given);
      checkRange(x, oneOf('type', type, types));
      const bytes = encode(x, type, out);
      return { kind: 'floats', type, bytes, length: x.length, byteLength: bytes.length };
    },

    dequantize(given, out) {
      const q = fieldsOf<FloatsQuantized>('floats', given, ({ bytes, type, length }) => ({
        bytes,
        type,
        length,
      }));
      return decode(q.bytes, q.type, q.length, out);
    },

    inspect,
  };
}
