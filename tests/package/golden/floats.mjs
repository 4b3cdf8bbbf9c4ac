// The 16-bit, 8-bit and 4-bit formats: every code decodes to the value in its specification, and encodes back
// to itself.

import { same } from './compare.mjs';

/**
 * The value of a code by its sign, exponent and mantissa bits; `special` gives those that are not finite
 * numbers.
 */
function numberOf(code, exponentBits, mantissaBits, special) {
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = (code >> (exponentBits + mantissaBits)) & 1 ? -1 : 1;
  const exponent = (code >> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = code & (2 ** mantissaBits - 1);
  const magnitude =
    special(exponent, mantissa) ??
    (exponent === 0
      ? mantissa * 2 ** (1 - bias - mantissaBits)
      : (1 + mantissa / 2 ** mantissaBits) * 2 ** (exponent - bias));
  return sign * magnitude;
}

const ieee = (last) => (exponent, mantissa) => {
  if (exponent !== last) return undefined;
  return mantissa === 0 ? Infinity : Number.NaN;
};

const FORMATS = {
  // IEEE 754-2019 binary16, and bfloat16: the upper half of binary32.
  f16: [5, 10, ieee(31)],
  bf16: [8, 7, ieee(255)],
  // OCP 8-bit floating point specification 1.0: E4M3 has one NaN per sign and no infinity.
  f8_e5m2: [5, 2, ieee(31)],
  f8_e4m3: [4, 3, (exponent, mantissa) => (exponent === 15 && mantissa === 7 ? NaN : undefined)],
  // OCP microscaling specification 1.0: E2M1 has finite numbers only.
  f4_e2m1: [2, 1, () => undefined],
};

export async function floats({ fb, test }) {
  for (const [type, [exponentBits, mantissaBits, special]] of Object.entries(FORMATS)) {
    const bits = 1 + exponentBits + mantissaBits;
    const codes = Array.from({ length: 2 ** bits }, (_, i) => i);
    const bytes =
      bits === 16
        ? new Uint8Array(Uint16Array.from(codes).buffer)
        : Uint8Array.from(
            bits === 8 ? codes : codes.slice(0, 8).map((i) => (2 * i) | ((2 * i + 1) << 4)),
          );
    await test(`${type}, all ${codes.length} codes`, () => {
      const values = fb.floats.decode(bytes, type, codes.length);
      same(
        'values',
        values,
        codes.map((code) => numberOf(code, exponentBits, mantissaBits, special)),
      );
      const numbers = codes.filter((code) => !Number.isNaN(values[code]));
      const back = fb.floats.encode(values, type);
      const encoded =
        bits === 16
          ? new Uint16Array(back.buffer)
          : codes.map((code) =>
              bits === 8 ? back[code] : (back[code >> 1] >> (4 * (code & 1))) & 15,
            );
      same(
        'codes',
        numbers.map((code) => encoded[code]),
        numbers,
      );
    });
    if (bits !== 16) continue;
    await test(`${type} as a ggml type`, () => {
      // Values outside of the range of F16 are refused as a ggml type.
      const most = type === 'f16' ? 65504 : Infinity;
      const x = Float32Array.from({ length: 4099 }, (_, i) =>
        Math.max(-most, Math.min(most, Math.tan(i) * 10 ** ((i % 80) - 45))),
      );
      const blocks = fb.ggml.quantize(x, type.toUpperCase());
      same('bytes', blocks, fb.floats.encode(x, type));
      same(
        'values',
        fb.ggml.dequantize(blocks, type.toUpperCase(), x.length),
        fb.floats.decode(blocks, type, x.length),
      );
    });
  }
}
