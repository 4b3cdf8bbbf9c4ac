// The bits of a number and their meaning: `fb.floats.inspect`.

import { describe, invalid, oneOf } from '../core/arguments.js';

interface FloatFormat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
}

interface IntegerFormat {
  readonly bits: number;
  readonly signed: boolean;
}

const FLOATS: Record<'f64' | 'f32' | 'f16' | 'bf16', FloatFormat> = {
  f64: { exponentBits: 11, mantissaBits: 52 },
  f32: { exponentBits: 8, mantissaBits: 23 },
  f16: { exponentBits: 5, mantissaBits: 10 },
  bf16: { exponentBits: 8, mantissaBits: 7 },
};

const INTEGERS: Record<'int8' | 'uint8' | 'int16' | 'int32' | 'int64', IntegerFormat> = {
  int8: { bits: 8, signed: true },
  uint8: { bits: 8, signed: false },
  int16: { bits: 16, signed: true },
  int32: { bits: 32, signed: true },
  int64: { bits: 64, signed: true },
};

export type FloatName = keyof typeof FLOATS;
export type IntegerName = keyof typeof INTEGERS;
export type InspectType = FloatName | IntegerName;

/** The stored form of a number. Bit strings have the most significant bit first. */
export type Inspection = FloatInspection | IntegerInspection;

export interface FloatInspection {
  readonly kind: 'float';
  readonly type: FloatName;
  /** All bits: sign, exponent, mantissa. */
  readonly bits: string;
  readonly sign: string;
  readonly exponent: string;
  readonly mantissa: string;
  /** The stored number: the argument, rounded to the format. */
  readonly value: number;
  readonly class: 'zero' | 'subnormal' | 'normal' | 'infinite' | 'nan';
  /** The exponent field as a number. */
  readonly exponentField: number;
  /** The number that is subtracted from the exponent field. */
  readonly bias: number;
  /** The power of two that the significand is multiplied by; null for infinities and NaN. */
  readonly power: number | null;
  /** 1.mantissa, or 0.mantissa when subnormal or zero; null for infinities and NaN. */
  readonly significand: number | null;
  readonly range: {
    readonly max: number;
    readonly minNormal: number;
    readonly minSubnormal: number;
    /** Distance from 1 to the next number. */
    readonly epsilon: number;
  };
}

export interface IntegerInspection {
  readonly kind: 'integer';
  readonly type: IntegerName;
  /** Two's complement. */
  readonly bits: string;
  /** The sign bit, or '' for an unsigned type. */
  readonly sign: string;
  /** The stored number: the argument rounded (ties to even) and saturated. */
  readonly value: bigint;
  readonly range: { readonly min: bigint; readonly max: bigint };
}

/** Rounds a finite double to an integer, ties to even. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return fraction < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The bits of `value` after a single rounding from double precision to the format. */
function encodeFloat(value: number, { exponentBits, mantissaBits }: FloatFormat): bigint {
  const width = BigInt(mantissaBits);
  const sign = value < 0 || Object.is(value, -0) ? 1n : 0n;
  const signBit = sign << BigInt(exponentBits + mantissaBits);
  const allOnes = (1n << BigInt(exponentBits)) - 1n;
  if (Number.isNaN(value)) return (allOnes << width) | (1n << (width - 1n));
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return signBit | (allOnes << width);
  if (magnitude === 0) return signBit;
  const bias = 2 ** (exponentBits - 1) - 1;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, magnitude);
  const doubleExponent = (view.getUint16(0) >> 4) - 1023;
  // The exponent of the last mantissa bit; below the normal range it stays that of the smallest normal
  // number.
  const power = Math.max(doubleExponent, 1 - bias) - mantissaBits;
  // Division in two steps stays exact where 2^-power alone would overflow.
  const half = Math.trunc(power / 2);
  const units = BigInt(roundToEven(magnitude / 2 ** half / 2 ** (power - half)));
  // Rounding up to the next power of two carries into the exponent field.
  const field = BigInt(power + mantissaBits + bias - 1);
  const bits = (field << width) + units;
  return signBit | (bits >= allOnes << width ? allOnes << width : bits);
}

function inspectFloat(given: number | bigint, type: FloatName): FloatInspection {
  const format = FLOATS[type];
  const { exponentBits, mantissaBits } = format;
  const total = 1 + exponentBits + mantissaBits;
  const bits = encodeFloat(Number(given), format).toString(2).padStart(total, '0');
  const sign = bits[0];
  const exponent = bits.slice(1, 1 + exponentBits);
  const mantissa = bits.slice(1 + exponentBits);
  const bias = 2 ** (exponentBits - 1) - 1;
  const exponentField = Number.parseInt(exponent, 2);
  const fraction = Number(BigInt(`0b${mantissa}`)) / 2 ** mantissaBits;
  const special = exponentField === 2 ** exponentBits - 1;
  const lowest = exponentField === 0;
  const power = special ? null : Math.max(exponentField, 1) - bias;
  const significand = special ? null : fraction + (lowest ? 0 : 1);
  const signed = sign === '1' ? -1 : 1;
  const value =
    power === null || significand === null
      ? fraction === 0
        ? signed * Infinity
        : NaN
      : signed * significand * 2 ** power;
  return {
    kind: 'float',
    type,
    bits,
    sign,
    exponent,
    mantissa,
    value,
    class: special
      ? fraction === 0
        ? 'infinite'
        : 'nan'
      : lowest
        ? fraction === 0
          ? 'zero'
          : 'subnormal'
        : 'normal',
    exponentField,
    bias,
    power,
    significand,
    range: {
      max: (2 - 2 ** -mantissaBits) * 2 ** bias,
      minNormal: 2 ** (1 - bias),
      minSubnormal: 2 ** (1 - bias - mantissaBits),
      epsilon: 2 ** -mantissaBits,
    },
  };
}

function inspectInteger(given: number | bigint, type: IntegerName): IntegerInspection {
  const { bits, signed } = INTEGERS[type];
  const count = 1n << BigInt(bits);
  const min = signed ? -count / 2n : 0n;
  const max = min + count - 1n;
  let value: bigint;
  if (typeof given === 'bigint') value = given;
  else if (Number.isNaN(given)) throw invalid(`NaN has no ${type}`);
  else if (Number.isFinite(given)) value = BigInt(roundToEven(given));
  else value = given > 0 ? max : min;
  value = value < min ? min : value > max ? max : value;
  const text = BigInt.asUintN(bits, value).toString(2).padStart(bits, '0');
  return {
    kind: 'integer',
    type,
    bits: text,
    sign: signed ? text[0] : '',
    value,
    range: { min, max },
  };
}

/**
 * Shows how a type stores a number.
 *
 * @param value a number is rounded to the type, ties to even; integers saturate
 * @throws FewbitsError INVALID_ARGUMENT for another type of value, an unknown type, or NaN as an integer
 */
export function inspect(value: number | bigint, type: InspectType): Inspection {
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw invalid(`value must be a number or bigint, got ${describe(value)}`);
  }
  const names = [...Object.keys(FLOATS), ...Object.keys(INTEGERS)] as InspectType[];
  oneOf('type', type, names);
  return type in FLOATS
    ? inspectFloat(value, type as FloatName)
    : inspectInteger(value, type as IntegerName);
}
