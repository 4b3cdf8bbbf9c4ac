// 8-bit and 4-bit floats through the package.

import { FewbitsError, type FloatType, load } from 'fewbits';
import { describe, expect, it } from 'vitest';

const fb = await load();

const refused = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error instanceof FewbitsError && `${error.code}: ${error.message}`;
  }
  return 'passed';
};

describe('floats of eight and four bits', () => {
  // Values from the tables of the specifications.
  it.each<[FloatType, number[], number[]]>([
    [
      'f8_e4m3',
      [0x00, 0x01, 0x07, 0x08, 0x38, 0x7e, 0xfe],
      [0, 2 ** -9, 0.013671875, 2 ** -6, 1, 448, -448],
    ],
    [
      'f8_e5m2',
      [0x01, 0x03, 0x04, 0x3c, 0x7b, 0x7c, 0xfc],
      [2 ** -16, 3 * 2 ** -16, 2 ** -14, 1, 57344, Infinity, -Infinity],
    ],
    ['f4_e2m1', [0x10, 0x32, 0x54, 0x76, 0xf9], [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.5, -6]],
  ])('%s has the values of its specification', (type, bytes, values) => {
    const x = Float32Array.from(values);
    expect([...fb.floats.decode(Uint8Array.from(bytes), type, x.length)]).toEqual(values);
    expect([...fb.floats.encode(x, type)]).toEqual(bytes);
  });

  it('crosses in pieces without a seam', () => {
    const x = Float32Array.from({ length: 70001 }, (_, i) => Math.sin(i) * 5);
    for (const type of ['f8_e4m3', 'f8_e5m2', 'f4_e2m1'] as const) {
      const all = fb.floats.decode(fb.floats.encode(x, type), type, x.length);
      const end = x.slice(-5000);
      expect(all.slice(-5000)).toEqual(
        fb.floats.decode(fb.floats.encode(end, type), type, end.length),
      );
    }
  });

  it('refuses what has no code, with its index', () => {
    const x = new Float32Array(40000);
    x[39999] = Infinity;
    expect(refused(() => fb.floats.encode(x, 'f8_e4m3'))).toMatch(/^NON_FINITE: x\[39999\]/);
    expect(refused(() => fb.floats.encode(x, 'f4_e2m1'))).toMatch(/^NON_FINITE: x\[39999\]/);
    expect(refused(() => fb.floats.encode(x, 'f8_e5m2'))).toBe('passed');
    expect(refused(() => fb.floats.decode(new Uint8Array(3), 'f4_e2m1', 4))).toMatch(
      /^INVALID_ARGUMENT: bytes must be a Uint8Array\(2\)/,
    );
  });
});

describe('nf4', () => {
  it('stores the largest magnitude of each block and the nearest of sixteen levels', () => {
    const x = Float32Array.from({ length: 100001 }, (_, i) => Math.cos(i * i) * (1 + (i % 9)));
    for (const block of [64, 2, 4096]) {
      const q = fb.floats.nf4.quantize(x, { block });
      expect(q.absmax).toHaveLength(Math.ceil(x.length / block));
      expect(q.codes).toHaveLength(50001);
      expect(q.absmax[1]).toBe(
        x.subarray(block, 2 * block).reduce((most, v) => Math.max(most, Math.abs(v)), 0),
      );
      const y = fb.floats.nf4.dequantize(q);
      // Levels are at most 0.304 apart.
      x.forEach((value, i) => {
        const most = q.absmax[Math.floor(i / block)] as number;
        if (!(Math.abs(value - (y[i] as number)) <= 0.1521 * most)) expect.fail(`value ${i}`);
      });
    }
    expect(refused(() => fb.floats.nf4.quantize(x, { block: 3 }))).toMatch(/^INVALID_ARGUMENT/);
    x[70000] = Number.NaN;
    expect(refused(() => fb.floats.nf4.quantize(x))).toMatch(/^NON_FINITE: x\[70000\]/);
  });
});
