import { dequantizeEmbeddings, embeddingRanges, FewbitsError, quantizeEmbeddings } from 'fewbits';
import { describe, expect, it } from 'vitest';

describe('quantizeEmbeddings', () => {
  it('packs signs as numpy.packbits does, binary less 128', () => {
    const x = [1, -1, 0.5, 0, -2, 3, -0.1, 0.1, -1, -1, -1, -1, -1, -1, -1, 2];
    // np.packbits([1,0,1,0,0,1,0,1]) is 165, np.packbits([0,0,0,0,0,0,0,1]) is 1.
    expect([...quantizeEmbeddings(x, 8, 'ubinary')]).toEqual([165, 1]);
    expect([...quantizeEmbeddings(x, 8, 'binary')]).toEqual([37, -127]);
  });

  it('cuts each range in 255 steps and drops fractions', () => {
    // Dimension 0 spans 0..255, a step of 1; dimension 1 0..510, a step of 2; dimension 2 is constant.
    const x = [0, 0, 7, 255, 510, 7, 100.9, 255, 7, 0.5, 382.5, 7];
    expect([...quantizeEmbeddings(x, 3, 'uint8')]).toEqual([
      0, 0, 0, 255, 255, 0, 100, 127, 0, 0, 191, 0,
    ]);
    // Less 128 before the fraction goes, so negative codes go up to zero.
    expect([...quantizeEmbeddings(x, 3, 'int8')].map((code) => code + 0)).toEqual([
      -128, -128, 0, 127, 127, 0, -27, 0, 0, -127, 63, 0,
    ]);
  });

  it('clamps beyond given ranges, and wraps as the reference does', () => {
    const ranges = { min: [0], max: [255] };
    expect([...quantizeEmbeddings([-3, 300], 1, 'uint8', { ranges })]).toEqual([0, 255]);
    expect([...quantizeEmbeddings([-3, 300], 1, 'uint8', { ranges, mode: 'reference' })]).toEqual([
      253, 44,
    ]);
  });

  it('comes back within a step and a half', () => {
    const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i));
    const ranges = embeddingRanges(x, 16);
    for (const precision of ['int8', 'uint8'] as const) {
      const y = dequantizeEmbeddings(quantizeEmbeddings(x, 16, precision), 16, precision, ranges);
      x.forEach((value, i) => {
        expect(Math.abs(value - y[i])).toBeLessThan((2 / 255) * 1.5);
      });
    }
    for (const precision of ['binary', 'ubinary'] as const) {
      const y = dequantizeEmbeddings(quantizeEmbeddings(x, 16, precision), 16, precision);
      expect([...y]).toEqual(Array.from(x, (value) => (value > 0 ? 1 : -1)));
    }
  });

  it('refuses what it cannot quantize', () => {
    expect(() => quantizeEmbeddings([1, Number.NaN], 1, 'int8')).toThrow('x[1]');
    expect(() => quantizeEmbeddings([1, 2, 3], 2, 'int8')).toThrow(FewbitsError);
    expect(() => quantizeEmbeddings([1, 2, 3], 3, 'binary')).toThrow('multiple of 8');
    expect(() => dequantizeEmbeddings(new Int8Array(3), 3, 'int8')).toThrow('ranges');
  });
});
