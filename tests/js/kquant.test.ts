// The numbers of the K-quantization demo, and its fixes, through the package.

import { readFileSync } from 'node:fs';
import { FewbitsError, load } from 'fewbits';
import { describe, expect, it } from 'vitest';

interface Expected {
  scale_f16: number;
  zero_f16: number;
  subscales: number[];
  suboffsets: number[];
  q: number[];
  deq: number[];
  mse_first8: number;
  mse_all: number;
}

interface Case {
  t_bits: number[];
  k_8ca1b07: Expected;
  k_quantization: Expected;
}

const cases: Record<string, Case> = JSON.parse(
  readFileSync(new URL('../golden/affine-and-k/cases.json', import.meta.url), 'utf8'),
);
const tensor = (bits: number[]) => new Float32Array(Uint32Array.from(bits).buffer);
const fb = await load();

describe('kquant', () => {
  const versions = [
    ['first', 'k_8ca1b07'],
    ['latest', 'k_quantization'],
  ] as const;

  for (const name of ['seed_readme_affine', 'seed_readme_kquant', 'head_seed1']) {
    it.each(versions)(`is the demo's %s version to the bit, ${name}`, (version, key) => {
      const { t_bits, [key]: expected } = cases[name] as Case;
      const block = fb.kquant.quantize(tensor(t_bits), { version });
      expect(block.scale).toBe(expected.scale_f16);
      expect(block.zeroPoint).toBe(expected.zero_f16);
      expect([...block.subscales]).toEqual(expected.subscales);
      expect([...block.suboffsets]).toEqual(expected.suboffsets);
      expect([...block.codes]).toEqual(expected.q);
      expect([...block.dequantized]).toEqual(expected.deq);
      expect(block.mseFirst8).toBe(Math.fround(expected.mse_first8));
      expect(block.mse).toBeCloseTo(expected.mse_all, 6);
    });
  }

  it('is repaired by default, as good as Q4_K', () => {
    const x = tensor(cases.head_seed1?.t_bits as number[]);
    const repaired = fb.kquant.quantize(x);
    expect(repaired).toEqual(fb.kquant.quantize(x, { repairs: fb.kquant.repairs }));
    const q4 = fb.ggml.dequantize(fb.ggml.quantize(x, 'Q4_K'), 'Q4_K', 256);
    expect(repaired.mse / fb.compare(x, q4).mse).toBeCloseTo(1, 1);
    expect(fb.kquant.quantize(x, { version: 'first' })).toEqual(
      fb.kquant.quantize(x, { repairs: [] }),
    );
  });

  it('refuses other lengths, what is not finite and options that it does not know', () => {
    const x = new Float32Array(256);
    x[9] = Number.POSITIVE_INFINITY;
    const code = (work: () => unknown) => {
      try {
        work();
      } catch (error) {
        return error instanceof FewbitsError && `${error.code}: ${error.message}`;
      }
      return 'passed';
    };
    expect(code(() => fb.kquant.quantize(x))).toMatch(/^NON_FINITE: x\[9\]/);
    expect(code(() => fb.kquant.quantize(x.subarray(1)))).toMatch(/^INVALID_ARGUMENT: x must hold/);
    const odd = { repairs: ['round'] } as unknown as { version: 'first' };
    expect(code(() => fb.kquant.quantize(x, odd))).toMatch(/^INVALID_ARGUMENT: repairs\[0\]/);
  });
});
