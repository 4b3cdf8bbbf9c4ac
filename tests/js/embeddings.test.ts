// int8, uint8 and binary embeddings, against bytes of sentence-transformers and transformers.js.

import { readFileSync } from 'node:fs';
import { dequantizeEmbeddings, embeddingRanges, FewbitsError, quantizeEmbeddings } from 'fewbits';
import { readSafetensors } from 'fewbits/io';
import { describe, expect, it } from 'vitest';

describe('quantizeEmbeddings', () => {
  it('packs signs as numpy.packbits does, binary less 128', () => {
    const x = [1, -1, 0.5, 0, -2, 3, -0.1, 0.1, -1, -1, -1, -1, -1, -1, -1, 2];
    // np.packbits([1,0,1,0,0,1,0,1]) is 165, np.packbits([0,0,0,0,0,0,0,1]) is 1.
    expect([...quantizeEmbeddings(x, 8, 'ubinary')]).toEqual([165, 1]);
    expect([...quantizeEmbeddings(x, 8, 'binary')]).toEqual([37, -127]);
  });

  it('cuts each range in 255 steps and drops fractions', () => {
    // Dimension 0 spans 0..255, a step of 1; dimension 1 spans 0..510, a step of 2; dimension 2 is constant.
    const x = [0, 0, 7, 255, 510, 7, 100.9, 255, 7, 0.5, 382.5, 7];
    expect([...quantizeEmbeddings(x, 3, 'uint8')]).toEqual([
      0, 0, 0, 255, 255, 0, 100, 127, 0, 0, 191, 0,
    ]);
    // 128 is subtracted before truncation, so negative codes are rounded towards zero.
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

  it('comes back within half a step, the lower end of int8 as it is', () => {
    const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i));
    const ranges = embeddingRanges(x, 16);
    for (const precision of ['int8', 'uint8'] as const) {
      const codes = quantizeEmbeddings(x, 16, precision);
      const y = dequantizeEmbeddings(codes, 16, precision, ranges);
      x.forEach((value, i) => {
        const step = (ranges.max[i % 16] - ranges.min[i % 16]) / 255;
        const half = precision === 'int8' && codes[i] === 0 ? step : step / 2;
        expect(Math.abs(value - y[i])).toBeLessThan(half + 1e-6);
        if (value === ranges.min[i % 16] && precision === 'int8') expect(y[i]).toBe(value);
      });
    }
    for (const precision of ['binary', 'ubinary'] as const) {
      const y = dequantizeEmbeddings(quantizeEmbeddings(x, 16, precision), 16, precision);
      expect([...y]).toEqual(Array.from(x, (value) => (value > 0 ? 1 : -1)));
    }
  });

  it('refuses vectors that say nothing of their ranges, where all codes would be 0', () => {
    const one = Float32Array.of(0.1, -0.2, 0.3, 0.4);
    const message = /embeddingRanges\(\) returns for a sample of many vectors/;
    for (const precision of ['int8', 'uint8'] as const) {
      for (const x of [one, [...one, ...one], new Float32Array(4), Float64Array.from(one)]) {
        expect(() => quantizeEmbeddings(x, 4, precision)).toThrow(message);
        expect(() => quantizeEmbeddings(x, { dims: 4, precision })).toThrow(message);
      }
      // With ranges of several vectors its codes differ.
      const wide = embeddingRanges([-1, -1, -1, -1, 1, 1, 1, 1], 4);
      const codes = quantizeEmbeddings(one, 4, precision, { ranges: wide });
      expect(new Set(codes).size).toBe(4);
      // Mode 'reference' gives the bytes of the original.
      expect([...quantizeEmbeddings(one, 4, precision, { mode: 'reference' })]).toEqual([
        0, 0, 0, 0,
      ]);
    }
    expect(() => quantizeEmbeddings([3e38, -3e38], 1, 'int8')).toThrow(/dimension 0 is too large/);
  });

  it('refuses what it cannot quantize', () => {
    expect(() => quantizeEmbeddings([1, Number.NaN], 1, 'int8')).toThrow('x[1]');
    expect(() => quantizeEmbeddings([1, 2, 3], 2, 'int8')).toThrow(FewbitsError);
    expect(() => quantizeEmbeddings([1, 2, 3], 3, 'binary')).toThrow('multiple of 8');
    expect(() => dequantizeEmbeddings(new Int8Array(3), 3, 'int8')).toThrow('ranges');
  });
});

/** Inputs and outputs of another program; see the README next to them. */
function golden(name: string) {
  const file = readSafetensors(
    new Uint8Array(
      readFileSync(new URL(`../golden/embeddings/${name}.safetensors`, import.meta.url)),
    ),
  );
  const names = file.tensors.map((tensor) => tensor.name);
  const shape = (tensor: string) => file.tensors.find((one) => one.name === tensor)?.shape ?? [];
  const array = (tensor: string) => file.elements(tensor) as Float32Array | Float64Array;
  return { names, shape, array };
}

const PRECISIONS = ['int8', 'uint8', 'binary', 'ubinary'] as const;

describe('the bytes of the originals', () => {
  const { names, shape, array } = golden('sentence-transformers');
  const cases = names.filter((name) => name.endsWith('.x')).map((name) => name.slice(0, -2));

  it.each(cases)('sentence-transformers: %s', (name) => {
    const [, dims] = shape(`${name}.x`);
    const x = array(`${name}.x`);
    let ranges = embeddingRanges(x, dims);
    if (names.includes(`${name}.calibration`)) {
      ranges = embeddingRanges(array(`${name}.calibration`), dims);
    }
    if (names.includes(`${name}.ranges`)) {
      const both = array(`${name}.ranges`);
      ranges = { min: both.slice(0, dims), max: both.slice(dims) };
    }
    let compared = 0;
    for (const precision of PRECISIONS) {
      if (!names.includes(`${name}.${precision}`)) continue;
      const theirs = array(`${name}.${precision}`);
      const options = { ranges, mode: 'reference' } as const;
      expect(quantizeEmbeddings(x, dims, precision, options), precision).toEqual(theirs);
      // The default mode differs only for values outside of the ranges.
      const ours = quantizeEmbeddings(x, dims, precision, { ranges });
      x.forEach((value, i) => {
        const within = value >= ranges.min[i % dims] && value <= ranges.max[i % dims];
        if (within && precision.endsWith('int8'))
          expect(ours[i], `${precision} ${i}`).toBe(theirs[i]);
      });
      compared++;
    }
    expect(compared).toBe(dims % 8 === 0 ? 4 : 2);
  });

  it('transformers.js: signs', () => {
    const other = golden('transformers.js');
    expect(other.names).toHaveLength(24);
    for (const name of other.names) {
      const [which, precision] = name.split('.') as [string, 'binary' | 'ubinary'];
      const x = `${which}.x`;
      expect(quantizeEmbeddings(array(x), shape(x)[1], precision), name).toEqual(other.array(name));
    }
  });
});
