// Uniform quantization through the package, in every layout. Long because every layout goes through every
// check.

import fc from 'fast-check';
import type { UniformOptions, UniformQuantized } from 'fewbits';
import { describe, expect, it } from 'vitest';
import { builds, expectError, expectSame, noise } from '../support/builds.ts';
import { blockOf, model } from '../support/uniform-model.ts';

const BITS = [2, 3, 4, 5, 6, 7, 8];
const SCHEMES = ['symmetric', 'asymmetric', 'affine'] as const;
const ROUNDINGS = ['nearest', 'truncate', 'floor'] as const;

/** The number of values copied to WebAssembly at a time. */
const CHUNK = 32768;

/** Shapes whose pieces end before, at and after the boundaries of chunks. */
const LAYOUTS: [string, number, UniformOptions][] = [
  ['one value', 1, {}],
  ['three values', 3, {}],
  ['a chunk less one', CHUNK - 1, {}],
  ['a chunk', CHUNK, {}],
  ['a chunk and one', CHUNK + 1, {}],
  ['two chunks and three', 2 * CHUNK + 3, {}],
  ['blocks of 1', 17, { block: 1 }],
  ['blocks of 32', CHUNK + 45, { block: 32 }],
  ['blocks of 33', 2 * CHUNK + 1, { block: 33 }],
  ['blocks of a chunk', 2 * CHUNK + 7, { block: CHUNK }],
  ['blocks of a chunk less one', 2 * CHUNK + 7, { block: CHUNK - 1 }],
  ['blocks of 40001', 100_000, { block: 40_001 }],
  ['blocks of 100000', 250_001, { block: 100_000 }],
  ['a block longer than the input', 1000, { block: 4096 }],
  ['rows', 300 * 257, { axis: 0, shape: [300, 257] }],
  ['rows longer than a chunk', 2 * 50_001, { axis: 0, shape: [2, 50_001] }],
  ['columns', 257 * 300, { axis: 1, shape: [257, 300] }],
  ['more columns than a chunk holds', 2 * 50_001, { axis: 1, shape: [2, 50_001] }],
  ['one column', 1000, { axis: 1, shape: [1000, 1] }],
];

describe.each(await builds())('uniform, $variant', (fb) => {
  const { quantize, dequantize, codes } = fb.uniform;

  describe.each(LAYOUTS)('%s', (_, length, layout) => {
    const x = noise(length, 3);

    it('codes, scales and values are those of the formulas', () => {
      for (const scheme of SCHEMES) {
        for (const [bits, rounding] of [
          [4, 'nearest'],
          [8, 'truncate'],
          [3, 'floor'],
        ] as const) {
          // A single value under these schemes is a constant, whose rules are tested below.
          const alone = length === 1 || layout.block === 1 || layout.shape?.[0] === 1;
          if (alone && scheme !== 'symmetric') continue;
          if (layout.shape?.[0] === 2 && layout.axis === 1 && scheme === 'asymmetric') continue;
          const o = { bits, scheme, rounding, ...layout };
          const expected = model(x, o);
          const q = quantize(x, o);
          expect(q.length).toBe(length);
          expect(q.codes.length).toBe(Math.ceil((length * bits) / 8));
          expectSame(q.scales, expected.scales);
          expectSame(codes(q), expected.codes);
          expectSame(dequantize(q), expected.values);
        }
      }
    });

    it('NaN and infinities are refused with their index, and the library goes on', () => {
      const before = quantize(x, layout);
      const places = [0, 31, 32, 33, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, length - 1];
      for (const at of places.filter((place) => place < length)) {
        for (const bad of [Number.NaN, Infinity, -Infinity]) {
          const spoilt = x.slice();
          spoilt[at] = bad;
          if (at + 5 < length) spoilt[at + 5] = Number.NaN;
          expectError('NON_FINITE', new RegExp(`^x\\[${at}\\] is NaN or infinite`), () =>
            quantize(spoilt, layout),
          );
        }
      }
      const after = quantize(x, layout);
      expectSame(after.codes, before.codes);
      expectSame(after.scales, before.scales);
    });
  });

  it('every width, scheme, rounding and scale type: bytes are counted, values are near', () => {
    const x = noise(1003, 5);
    for (const bits of BITS) {
      for (const scheme of SCHEMES) {
        for (const rounding of ROUNDINGS) {
          for (const scaleType of ['f32', 'f16'] as const) {
            const q = quantize(x, { bits, scheme, rounding, scaleType, block: 50 });
            const each = scaleType === 'f16' ? 2 : 4;
            const zeroPoints = scheme === 'asymmetric' ? 4 * 21 : 0;
            const minima = scheme === 'affine' ? each * 21 : 0;
            expect(q.byteLength).toBe(
              Math.ceil((1003 * bits) / 8) + 21 * each + zeroPoints + minima,
            );
            expect(q.codes.length).toBe(Math.ceil((1003 * bits) / 8));
            const steps = rounding === 'nearest' ? 0.51 : 1.01;
            const slack = scheme === 'asymmetric' ? 0.5 : 0;
            const back = dequantize(q);
            for (const [i, value] of x.entries()) {
              const scale = q.scales[Math.floor(i / 50)];
              expect(Math.abs(value - back[i])).toBeLessThan((steps + slack) * scale * 1.01);
            }
          }
        }
      }
    }
  });

  describe('edges', () => {
    it('empty input', () => {
      for (const scheme of SCHEMES) {
        for (const o of [
          {},
          { block: 32 },
          { axis: 0, shape: [0, 5] },
          { axis: 1, shape: [5, 0] },
          { axis: 0, shape: [0, 2 ** 40] },
          { axis: 1, shape: [0, 2 ** 40] },
        ]) {
          const q = quantize([], { scheme, ...o } as UniformOptions);
          expect(q).toMatchObject({ length: 0, byteLength: 0 });
          expect(q.scales.length).toBe(0);
          expect(dequantize(q).length).toBe(0);
          expect(codes(q).length).toBe(0);
        }
      }
    });

    it('a block beyond 32 bits is a block longer than the input', () => {
      for (const length of [32, CHUNK, 2 * CHUNK + 3]) {
        const x = noise(length, 3);
        for (const scheme of SCHEMES) {
          const whole = quantize(x, { bits: 4, scheme });
          for (const block of [
            2 ** 31,
            2 ** 32 - 1,
            2 ** 32,
            2 ** 32 + 8,
            2 ** 45 + 32,
            Number.MAX_SAFE_INTEGER,
          ]) {
            const q = quantize(x, { bits: 4, scheme, block });
            expect(q).toEqual({ ...whole, block });
            expectSame(dequantize(q), dequantize(whole));
          }
        }
      }
    });

    it('constants come back exactly', () => {
      for (const value of [0, 1, -1, 0.1, -1234.567, 1e-45, -1e-40, 3.4e38, 5e-324].map(
        Math.fround,
      )) {
        for (const n of [1, 2, 100]) {
          for (const scheme of SCHEMES) {
            for (const bits of BITS) {
              const x = new Float32Array(n).fill(value);
              const back = dequantize(quantize(x, { bits, scheme }));
              const step = scheme === 'symmetric' ? 2 ** -22 * Math.abs(value) + 1e-43 : 0;
              for (const y of back) expect(Math.abs(y - value)).toBeLessThanOrEqual(step);
            }
          }
        }
      }
    });

    it('subnormal and huge numbers are quantized, without infinities', () => {
      const max = 3.4028234663852886e38;
      for (const x of [
        Float32Array.of(1e-45, -3e-45, 7e-45, 0),
        Float32Array.of(1e-39, -1e-39, 5e-40),
        Float32Array.of(-max, max, 0, 1),
        Float32Array.of(max, max / 2, max / 4),
        Float32Array.of(1e-45, max),
      ]) {
        for (const scheme of SCHEMES) {
          for (const bits of BITS) {
            const q = quantize(x, { bits, scheme });
            const back = dequantize(q);
            expect(Number.isFinite(q.scales[0]) && q.scales[0] > 0).toBe(true);
            // A rounded zero point shifts the range by half a step, which one end then lacks.
            const steps = scheme === 'asymmetric' ? 1.001 : 0.501;
            for (const [i, value] of x.entries()) {
              expect(Math.abs(value - back[i])).toBeLessThanOrEqual(q.scales[0] * steps);
            }
          }
        }
      }
    });

    it('-0 is 0, ties go to even', () => {
      const x = [-0, 0.5, 1.5, 2.5, -0.5, -1.5, 127];
      const q = quantize(x);
      expect(Array.from(codes(q))).toEqual([0, 0, 2, 2, 0, -2, 127]);
      expect(Object.is(dequantize(q)[0], 0)).toBe(true);
    });

    it('the first block that float16 cannot hold is named, by its scale or its minimum', () => {
      const options = { scheme: 'affine', block: 32, bits: 4, scaleType: 'f16' } as const;
      const of = (offsets: number[], spans: number[]) =>
        Float32Array.from({ length: 32 * offsets.length }, (_, i) => {
          const block = Math.floor(i / 32);
          return offsets[block] + (spans[block] * (i % 32)) / 31;
        });
      for (const x of [of([0, 1e6, 0], [1, 1, 3e6]), of([0, 0, 1e6], [1, 3e6, 1])]) {
        for (const mode of ['reference', undefined] as const) {
          expectError('UNSUPPORTED', /^block 1 needs a scale or minimum/, () =>
            quantize(x, { ...options, mode }),
          );
        }
      }
    });

    it('a scale that float16 cannot hold is refused with its block', () => {
      const x = new Float32Array(96);
      x[70] = 1e9;
      expectError('UNSUPPORTED', /^block 2 needs .* 65504.*'f32'/, () =>
        quantize(x, { block: 32, scaleType: 'f16' }),
      );
      x[70] = 65504 * 127;
      expect(quantize(x, { block: 32, scaleType: 'f16' }).scales[2]).toBe(65504);
    });

    it('any kind of numbers is taken, a view of them too', () => {
      const expected = quantize(Float32Array.of(0.1, 0.2, -0.3));
      expect(quantize([0.1, 0.2, -0.3])).toEqual(expected);
      expect(quantize(Float64Array.of(0.1, 0.2, -0.3))).toEqual(expected);
      expect(quantize(Float32Array.of(9, 0.1, 0.2, -0.3).subarray(1))).toEqual(expected);
      if (typeof Float16Array === 'function') {
        expect(quantize(Float16Array.of(0.5, -2))).toEqual(quantize([0.5, -2]));
      }
    });

    it('memory that can be cloned and shared', () => {
      const q = quantize(noise(100), { bits: 4, scheme: 'affine', block: 7 });
      expect(dequantize(structuredClone(q))).toEqual(dequantize(q));
      const shared = new Float32Array(new SharedArrayBuffer(400));
      shared.set(noise(100));
      expect(quantize(shared, { bits: 4, scheme: 'affine', block: 7 })).toEqual(q);
      const out = new Float32Array(new SharedArrayBuffer(400));
      expect(dequantize(q, out)).toBe(out);
      expect(Array.from(out)).toEqual(Array.from(dequantize(q)));
    });

    it('codes go to bytes that are given, when they are as many as it takes', () => {
      const o: UniformOptions = { bits: 4, block: 7 };
      const out = new Uint8Array(50);
      const q = quantize(noise(100), o, out);
      expect(q.codes).toBe(out);
      expect(q).toEqual(quantize(noise(100), o));
      expectError('INVALID_ARGUMENT', /^out must be a Uint8Array of length 50/, () =>
        quantize(noise(100), o, new Uint8Array(51)),
      );
    });
  });

  describe('arguments', () => {
    const x = noise(12);

    it.each<[string, unknown, unknown, RegExp]>([
      ['no array', undefined, {}, /^x must be a Float32Array \(or .*\), got undefined/],
      ['an Int32Array', new Int32Array(4), {}, /^x must be .* got Int32Array\(4\)/],
      ['a string', 'abc', {}, /^x must be .* got 'abc'/],
      ['an array of other things', [1, '2'], {}, /^x\[1\] must be a number, got '2'/],
      ['options of another type', x, 4, /^options must be an object, got 4/],
      ['an unknown option', x, { bit: 4 }, /^options has no option 'bit'; accepted are bits, /],
      ['1 bit', x, { bits: 1 }, /^bits must be an integer from 2 to 8, got 1/],
      ['9 bits', x, { bits: 9 }, /^bits must be an integer from 2 to 8/],
      ['4.5 bits', x, { bits: 4.5 }, /^bits must be an integer/],
      ["'4' bits", x, { bits: '4' }, /^bits must be an integer .* got '4'/],
      ['a scheme', x, { scheme: 'affin' }, /^scheme must be one of 'symmetric', .* got 'affin'/],
      ['a rounding', x, { rounding: 'up' }, /^rounding must be one of/],
      ['a scale type', x, { scaleType: 'f64' }, /^scaleType must be one of 'f32', 'f16'/],
      ['a mode', x, { mode: 'fast' }, /^mode must be one of 'reference'/],
      ['an empty block', x, { block: 0 }, /^block must be an integer from 1/],
      ['a block of NaN', x, { block: Number.NaN }, /^block must be an integer .* got NaN/],
      ['a block and an axis', x, { block: 3, axis: 0, shape: [3, 4] }, /exclude each other/],
      ['a shape alone', x, { shape: [3, 4] }, /^shape goes with axis/],
      ['an axis alone', x, { axis: 1 }, /^axis needs shape/],
      ['axis 2', x, { axis: 2, shape: [3, 4] }, /^axis must be 0 or 1, got 2/],
      ['a flat shape', x, { axis: 0, shape: [12] }, /^axis needs shape: \[rows, columns\]/],
      ['another shape', x, { axis: 0, shape: [3, 5] }, /^shape \[3, 5\] needs 15 values, got 12/],
    ])('%s', (_, values, options, message) => {
      expectError('INVALID_ARGUMENT', message, () => quantize(values as never, options as never));
    });

    it('dequantize takes what quantize gave and nothing less', () => {
      const q = quantize(x, { bits: 4, scheme: 'asymmetric', block: 5 });
      const affine = quantize(x, { bits: 4, scheme: 'affine', block: 5 });
      const columns = quantize(x, { axis: 1, shape: [3, 4] });
      const wrong: [object | undefined, RegExp][] = [
        [undefined, /^q must be what uniform.quantize returns/],
        [{ ...q, bits: 9 }, /^q.bits/],
        [{ ...q, bits: 5 }, /^q.codes must be a Uint8Array\(8\)/],
        [{ ...q, length: 13 }, /^q.codes must be/],
        [{ ...q, length: -1 }, /^q.length/],
        [{ ...q, scheme: 'none' }, /^q.scheme/],
        [{ ...q, block: 4, scales: new Float32Array(2) }, /^q.scales must be a Float32Array\(3\)/],
        [{ ...q, block: null }, /^q.block/],
        [{ ...q, codes: Array.from(q.codes) }, /^q.codes/],
        [{ ...q, scales: new Float64Array(3) }, /^q.scales/],
        [{ ...q, zeroPoints: null }, /^q.zeroPoints must be an? Int32Array\(3\), got null/],
        [{ ...affine, minima: null }, /^q.minima/],
        [{ ...columns, columns: 5 }, /^q.length 12 is not a number of rows of 5/],
      ];
      const out = new Float32Array(12).fill(7);
      for (const [other, message] of wrong) {
        expectError('INVALID_ARGUMENT', message, () => dequantize(other as UniformQuantized, out));
        expectError('INVALID_ARGUMENT', message, () => codes(other as UniformQuantized));
      }
      for (const other of [new Float32Array(11), new Float64Array(12), [], null]) {
        expectError('INVALID_ARGUMENT', /^out must be a Float32Array of length 12/, () =>
          dequantize(q, other as never),
        );
      }
      expect(new Set(out)).toEqual(new Set([7]));
      expect(dequantize(q, out)).toBe(out);
    });

    it('a zero point of any size in a damaged q is not undefined behaviour', () => {
      const q = quantize(x, { scheme: 'asymmetric' });
      for (const value of [-(2 ** 31), 2 ** 31 - 1]) {
        const back = dequantize({ ...q, zeroPoints: Int32Array.of(value) });
        expect(back.length).toBe(12);
      }
    });
  });

  describe('properties', () => {
    const values = fc
      .array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), {
        maxLength: 300,
      })
      .map((array) => Float32Array.from(array));
    const how = fc.record({
      bits: fc.constantFrom(...BITS),
      scheme: fc.constantFrom(...SCHEMES),
      block: fc.integer({ min: 1, max: 100 }),
    });

    it('values inside the range are off by half a step at most', () => {
      fc.assert(
        fc.property(values, how, (x, o) => {
          const q = quantize(x, o);
          const back = dequantize(q);
          const block = blockOf(o, x.length);
          for (const [i, value] of x.entries()) {
            const scale = q.scales[block(i)];
            const zeroPoint = q.zeroPoints?.[block(i)] ?? 0;
            const minimum = q.minima?.[block(i)] ?? 0;
            const [bottom, top] =
              o.scheme === 'symmetric'
                ? [-(2 ** (o.bits - 1)), 2 ** (o.bits - 1) - 1]
                : [0, 2 ** o.bits - 1];
            const low = (bottom - zeroPoint) * scale + minimum;
            const high = (top - zeroPoint) * scale + minimum;
            const nearest = Math.min(high, Math.max(low, value));
            const ulp = 2 ** -22 * Math.max(Math.abs(low), Math.abs(high), Math.abs(value)) + 1e-44;
            expect(Math.abs(nearest - back[i])).toBeLessThanOrEqual(scale / 2 + ulp);
            expect(Math.abs(nearest - value)).toBeLessThanOrEqual(scale / 2 + ulp);
          }
        }),
        { numRuns: 300 },
      );
    });

    it('codes fit their bits and stay the same when values are quantized again', () => {
      fc.assert(
        fc.property(values, how, (x, o) => {
          const q = quantize(x, o);
          const integers = codes(q);
          const pack = fb.bits.pack(integers, o.bits);
          expect(pack).toEqual(q.codes);
          const again = quantize(dequantize(q), { ...o, scheme: 'symmetric', bits: 8 });
          expect(again.length).toBe(x.length);
        }),
        { numRuns: 100 },
      );
    });
  });
});

it('both builds give the same bytes', async () => {
  const all = await builds();
  const x = noise(70_001, 100);
  for (const scheme of SCHEMES) {
    for (const bits of BITS) {
      const [first, ...others] = all.map((fb) =>
        fb.uniform.quantize(x, { bits, scheme, block: 37 }),
      );
      for (const other of others) expect(other).toEqual(first);
    }
  }
});
