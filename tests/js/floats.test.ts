// 16-bit floats through the package, and the bits of numbers.

import type { FloatType, InspectType } from 'fewbits';
import { describe, expect, it } from 'vitest';
import { builds, expectError, expectSame, noise } from '../support/builds.ts';

/** The value of a 16-bit pattern, by IEEE 754. */
function numberOf(pattern: number, exponentBits: number): number {
  const mantissaBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = pattern >> 15 ? -1 : 1;
  const exponent = (pattern >> mantissaBits) & (2 ** exponentBits - 1);
  const fraction = (pattern & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

const ALL = Uint16Array.from({ length: 65536 }, (_, i) => i);
const bytesOf = (patterns: Uint16Array) => new Uint8Array(patterns.buffer.slice(0));

describe.each(await builds())('floats, $variant', (fb) => {
  const { encode, decode } = fb.floats;

  describe.each<[FloatType, number]>([
    ['f16', 5],
    ['bf16', 8],
  ])('%s', (type, exponentBits) => {
    const values = Float32Array.from(ALL, (pattern) => numberOf(pattern, exponentBits));

    it('all 65536 patterns decode to their definition, and encode back', () => {
      const decoded = decode(bytesOf(ALL), type, 65536);
      expectSame(decoded, values);
      const encoded = new Uint16Array(encode(decoded, type).buffer);
      for (const pattern of ALL) {
        if (!Number.isNaN(values[pattern])) expect(encoded[pattern] === pattern).toBe(true);
        else expect(Number.isNaN(numberOf(encoded[pattern], exponentBits))).toBe(true);
      }
    });

    it('midpoints go to the even neighbour, others to the nearer', () => {
      const infinity = (2 ** exponentBits - 1) << (15 - exponentBits);
      const given: number[] = [];
      const expected: number[] = [];
      for (let pattern = 0; pattern < infinity; ++pattern) {
        const low = values[pattern];
        // After the largest number comes the one that a wider exponent would give.
        const high = pattern + 1 < infinity ? values[pattern + 1] : 2 * low - values[pattern - 1];
        const middle = low / 2 + high / 2;
        if (Math.fround(middle) !== middle) continue;
        given.push(middle, -middle);
        const even = pattern + (pattern & 1);
        expected.push(even, even | 0x8000);
      }
      expect(given.length).toBeGreaterThan(50_000);
      expectSame(new Uint16Array(encode(given, type).buffer), expected);
    });

    it('odd lengths and borders of chunks', () => {
      for (const n of [0, 1, 3, 15, 17, 32767, 32769, 65537]) {
        const x = noise(n, 100);
        const bytes = encode(x, type);
        expect(bytes.length).toBe(2 * n);
        const back = decode(bytes, type, n);
        const ulp = 2 ** (exponentBits === 5 ? -11 : -8);
        for (let i = 0; i < n; ++i) {
          if (Math.abs(x[i] - back[i]) > Math.abs(x[i]) * ulp + 1e-7) {
            expect({ i, x: x[i] }).toEqual(back[i]);
          }
        }
        const shifted = new Uint8Array(bytes.length + 1);
        shifted.set(bytes, 1);
        expectSame(decode(shifted.subarray(1), type, n), back);
      }
    });
  });

  it('arguments', () => {
    expectError('INVALID_ARGUMENT', /^type must be one of 'f16', 'bf16'.*, got 'f12'/, () =>
      encode([1], 'f12' as never),
    );
    expectError('INVALID_ARGUMENT', /^bytes must be a Uint8Array\(6\) .* got Uint8Array\(5\)/, () =>
      decode(new Uint8Array(5), 'f16', 3),
    );
    expectError('INVALID_ARGUMENT', /^length must be an integer/, () =>
      decode(new Uint8Array(2), 'f16', 1.5),
    );
    const out = new Float32Array(2);
    expectError('INVALID_ARGUMENT', /^out must be a Float32Array of length 1/, () =>
      decode(new Uint8Array(2), 'f16', 1, out),
    );
  });
});

describe('inspect', async () => {
  const [{ floats }] = await builds();

  /** The bytes of a one-element typed array, as bits with the most significant first. */
  function stored(view: ArrayBufferView): string {
    return Array.from(new Uint8Array(view.buffer))
      .reverse()
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('');
  }

  const AWKWARD = [
    0,
    -0,
    1,
    -1,
    0.1,
    1 / 3,
    1.5,
    2.5,
    127.5,
    128.5,
    65504,
    65519.99,
    65520,
    1e-5,
    6e-8,
    2 ** -25,
    1.5 * 2 ** -25,
    1e-40,
    2 ** -149,
    2 ** -150,
    5e-324,
    3.4028235677973366e38,
    3.5e38,
    1e308,
    Infinity,
    -Infinity,
    16777217,
    -123.456,
  ];

  it('floats: the bits that typed arrays store', () => {
    const arrays: [InspectType, (value: number) => ArrayBufferView][] = [
      ['f64', (value) => Float64Array.of(value)],
      ['f32', (value) => Float32Array.of(value)],
    ];
    if (typeof Float16Array === 'function') arrays.push(['f16', (value) => Float16Array.of(value)]);
    for (const [type, array] of arrays) {
      for (const value of AWKWARD) {
        const found = floats.inspect(value, type);
        expect([type, value, found.bits]).toEqual([type, value, stored(array(value))]);
      }
    }
    const one = floats.inspect(-0.15625, 'f32');
    expect(one).toMatchObject({
      kind: 'float',
      sign: '1',
      exponent: '01111100',
      mantissa: '01000000000000000000000',
      value: -0.15625,
      class: 'normal',
      exponentField: 124,
      bias: 127,
      power: -3,
      significand: 1.25,
    });
  });

  it('classes and ranges', () => {
    const classOf = (value: number, type: InspectType) => {
      const found = floats.inspect(value, type);
      return found.kind === 'float' ? found.class : found.kind;
    };
    expect(classOf(0, 'f16')).toBe('zero');
    expect(classOf(6e-8, 'f16')).toBe('subnormal');
    expect(classOf(1, 'bf16')).toBe('normal');
    expect(classOf(1e6, 'f16')).toBe('infinite');
    expect(classOf(Number.NaN, 'f64')).toBe('nan');
    expect(floats.inspect(1, 'f16').range).toEqual({
      max: 65504,
      minNormal: 2 ** -14,
      minSubnormal: 2 ** -24,
      epsilon: 2 ** -10,
    });
    expect(floats.inspect(1, 'f64').range).toEqual({
      max: Number.MAX_VALUE,
      minNormal: 2 ** -1022,
      minSubnormal: Number.MIN_VALUE,
      epsilon: Number.EPSILON,
    });
  });

  it('integers: rounded to even, saturated, two’s complement', () => {
    const value = (given: number | bigint, type: InspectType) => floats.inspect(given, type).value;
    expect(value(2.5, 'int8')).toBe(2n);
    expect(value(-3.5, 'int8')).toBe(-4n);
    expect(value(200, 'int8')).toBe(127n);
    expect(value(-200, 'int8')).toBe(-128n);
    expect(value(-1, 'uint8')).toBe(0n);
    expect(value(Infinity, 'int64')).toBe(2n ** 63n - 1n);
    expect(value(2n ** 53n + 1n, 'int64')).toBe(2n ** 53n + 1n);
    expect(floats.inspect(-2, 'int8')).toMatchObject({ bits: '11111110', sign: '1' });
    expect(floats.inspect(-2, 'int32').bits).toBe(stored(Int32Array.of(-2)));
    expect(floats.inspect(40_000, 'int16').value).toBe(32767n);
    expect(floats.inspect(255, 'uint8')).toMatchObject({
      bits: '11111111',
      sign: '',
      range: { min: 0n, max: 255n },
    });
  });

  it('arguments', () => {
    expectError('INVALID_ARGUMENT', /^type must be one of .*'int64', got 'f8'/, () =>
      floats.inspect(1, 'f8' as never),
    );
    expectError('INVALID_ARGUMENT', /^value must be a number or bigint, got '1'/, () =>
      floats.inspect('1' as never, 'f32'),
    );
    expectError('INVALID_ARGUMENT', /^NaN has no int8/, () => floats.inspect(Number.NaN, 'int8'));
  });
});
