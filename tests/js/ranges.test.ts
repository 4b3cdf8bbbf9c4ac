// Values outside of the range of a format's scales, too large or too small: refused with an error, never
// turned into infinities or zeros.

import { quantizeEmbeddings } from 'fewbits';
import { describe, expect, it } from 'vitest';
import { builds, expectError, noise } from '../support/builds.ts';

const types = ['F16', 'Q4_0', 'Q4_1', 'Q5_0', 'TQ1_0', 'TQ2_0', 'Q2_0'] as const;

describe.each(await builds())('values beyond a scale, $variant', (fb) => {
  const x = noise(70_000 - (70_000 % 256), 0.05);
  const large = x.slice();
  large[40_000] = 1.2e6;

  it.each(types)('%s: too large is refused with its index and a remedy', (type) => {
    expectError(
      'NON_FINITE',
      /^x\[40000\] is 1200000, too large for .*(BF16|MXFP4).* hold it/,
      () => fb.ggml.quantize(large, type),
    );
    expectError('NON_FINITE', /^x\[40000\]/, () => fb.ggml.quantize(large, { type }));
    const bytes = fb.ggml.quantize(large, type, { allowLoss: true });
    const back = fb.ggml.dequantize(bytes, type, large.length);
    expect(back.some((value) => !Number.isFinite(value))).toBe(true);
    const { blockSize } = fb.ggml.types[type];
    const first = 40_000 - (40_000 % blockSize);
    expectError('CORRUPT_DATA', new RegExp(` ${first} is NaN or infinite`), () =>
      fb.ggml.validate(bytes, type, large.length),
    );
    expectError('NON_FINITE', /^x\[40000\]/, () => fb.ggml.loss(large, bytes, type));
  });

  it('all that is written is what ggml loads', () => {
    for (const [type, { blockSize }] of Object.entries(fb.ggml.types)) {
      for (const factor of [
        1e-38, 1e-20, 1e-12, 1e-8, 1e-6, 1e-3, 1, 1e3, 1e5, 1e7, 1e12, 1e30, 6e39,
      ]) {
        const values = x.slice(0, 1024).map((value) => value * factor);
        if (values.length % blockSize !== 0) continue;
        let bytes: Uint8Array;
        try {
          bytes = fb.ggml.quantize(values, type as 'Q4_0');
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/NON_FINITE|UNSUPPORTED/) });
          continue;
        }
        fb.ggml.validate(bytes, type as 'Q4_0', values.length);
        const back = fb.ggml.dequantize(bytes, type as 'Q4_0', values.length);
        expect(back.every(Number.isFinite), `${type} ${factor}`).toBe(true);
        expect(fb.compare(values, back).cosine, `${type} ${factor}`).toBeGreaterThan(0.5);
      }
    }
  });

  it('NaN and infinities that x has stay in F16 and BF16, and ggml refuses them', () => {
    const odd = Float32Array.of(1, Infinity, -Infinity, Number.NaN);
    for (const type of ['F16', 'BF16'] as const) {
      const bytes = fb.ggml.quantize(odd, type);
      expect([...fb.ggml.dequantize(bytes, type, 4)]).toEqual([...odd]);
      expectError('CORRUPT_DATA', /value 1 is NaN or infinite/, () =>
        fb.ggml.validate(bytes, type, 4),
      );
    }
    const most = Float32Array.of(3.4028234663852886e38);
    expectError('NON_FINITE', /^x\[0\] .* too large for BF16, F32 holds it/, () =>
      fb.ggml.quantize(most, 'BF16'),
    );
  });

  it('too small is refused where most of it would be lost, and measured', () => {
    const small = noise(1024, 1e-9);
    for (const type of ['F16', 'Q4_0', 'Q8_0', 'Q4_K', 'Q6_K', 'IQ4_XS', 'NVFP4'] as const) {
      expectError('UNSUPPORTED', /too small for .* MXFP4 .*allowLoss/, () =>
        fb.ggml.quantize(small, type),
      );
      const bytes = fb.ggml.quantize(small, type, { allowLoss: true });
      expect(fb.ggml.loss(small, bytes, type).lost).toBeCloseTo(1, 9);
    }
    expect(
      fb.compare(small, fb.ggml.dequantize(fb.ggml.quantize(small, { type: 'MXFP4' }))).sqnrDb,
    ).toBeGreaterThan(15);
    // A few small blocks among others do not add a significant error.
    const mixed = x.slice(0, 4096);
    mixed.fill(1e-9, 1024, 2048);
    const bytes = fb.ggml.quantize(mixed, 'Q4_0');
    expect(fb.ggml.loss(mixed, bytes, 'Q4_0').lost).toBeLessThan(1e-12);
  });

  it('NVFP4, whose scales end early, takes weights of .01 and refuses those of .001', () => {
    const deviation = (size: number) => noise(4096, size * Math.sqrt(3));
    const usual = deviation(0.01);
    const back = fb.ggml.dequantize(fb.ggml.quantize(usual, { type: 'NVFP4' }));
    expect(fb.compare(usual, back).sqnrDb).toBeGreaterThan(10);
    expectError(
      'UNSUPPORTED',
      /% of its energy: it is too small for the E4M3 scales of NVFP4/,
      () => fb.ggml.quantize(deviation(0.001), 'NVFP4'),
    );
    expectError('UNSUPPORTED', /too large for the E4M3 scales of NVFP4/, () =>
      fb.ggml.quantize(deviation(1e5), 'NVFP4'),
    );
  });

  it('other families refuse what their float16 makes infinite', () => {
    const huge = x.slice(0, 256);
    huge[7] = 1e8;
    for (const mode of [undefined, 'reference'] as const) {
      for (const scheme of ['symmetric', 'asymmetric', 'affine'] as const) {
        expectError('UNSUPPORTED', /^block 0 .*scaleType 'f32'/, () =>
          fb.uniform.quantize(huge, { block: 128, bits: 8, scheme, scaleType: 'f16', mode }),
        );
      }
    }
    for (const version of ['first', 'latest', 'repaired'] as const) {
      expectError('UNSUPPORTED', /float16 \(up to 65504\)/, () =>
        fb.kquant.quantize(huge, { version }),
      );
    }
    for (const [type, largest] of [
      ['f16', 65504],
      ['bf16', 3.3895313892515355e38],
      ['f8_e4m3', 448],
      ['f8_e5m2', 57344],
      ['f4_e2m1', 6],
    ] as const) {
      const edge = Float32Array.of(0, largest, -largest);
      expect([...fb.floats.dequantize(fb.floats.quantize(edge, { type }))]).toEqual([
        0,
        largest,
        -largest,
      ]);
      const beyond = Float32Array.of(0, largest, Math.min(largest * 1.2, 3.4028234663852886e38));
      expectError('NON_FINITE', new RegExp(`^x\\[2\\] .*the largest ${type}`), () =>
        fb.floats.quantize(beyond, { type }),
      );
    }
    expect(() => quantizeEmbeddings(Float32Array.of(3e38, -3e38), 1, 'int8')).toThrow(/too large/);
  });
});
