// The 8-bit floats of checkpoints, decoded in plain JavaScript.

interface Layout {
  readonly exponentBits: number;
  readonly bias: number;
  /**
   * The bit patterns of NaN: all ones, the top exponent with a fraction (next to infinities), or minus zero.
   */
  readonly nan: 'ones' | 'ieee' | 'minus zero';
}

/**
 * OCP's formats, those without infinities and minus zero (`fnuz`), and the bare exponents that scale blocks.
 */
export const float8Types = {
  f8_e4m3: { exponentBits: 4, bias: 7, nan: 'ones' },
  f8_e5m2: { exponentBits: 5, bias: 15, nan: 'ieee' },
  f8_e4m3fnuz: { exponentBits: 4, bias: 8, nan: 'minus zero' },
  f8_e5m2fnuz: { exponentBits: 5, bias: 16, nan: 'minus zero' },
  f8_e8m0: { exponentBits: 8, bias: 127, nan: 'ones' },
} as const satisfies Record<string, Layout>;

export type Float8Type = keyof typeof float8Types;

const tables = new Map<Float8Type, Float32Array>();

function numberOf(byte: number, { exponentBits, bias, nan }: Layout): number {
  if (exponentBits === 8) return byte === 255 ? Number.NaN : 2 ** (byte - bias);
  const fractionBits = 7 - exponentBits;
  const sign = byte & 0x80 ? -1 : 1;
  const exponent = (byte & 0x7f) >> fractionBits;
  const fraction = (byte & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (nan === 'minus zero' && byte === 0x80) return Number.NaN;
  if (nan === 'ones' && (byte & 0x7f) === 0x7f) return Number.NaN;
  if (nan === 'ieee' && exponent === 2 ** exponentBits - 1) {
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** The float32 values of 8-bit floats; exact. */
export function decodeF8(bytes: Uint8Array, type: Float8Type): Float32Array {
  let table = tables.get(type);
  if (table === undefined) {
    table = Float32Array.from({ length: 256 }, (_, byte) => numberOf(byte, float8Types[type]));
    tables.set(type, table);
  }
  const out = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = table[bytes[i]];
  return out;
}
