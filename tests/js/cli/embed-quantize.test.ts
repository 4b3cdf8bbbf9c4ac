// The command `fewbits embed-quantize`.

import { existsSync, writeFileSync } from 'node:fs';
import { load } from 'fewbits';
import { readSafetensors, uniformFromSafetensors, writeNpy } from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { useCommand } from './support.ts';

const fb = await load();
const { fewbits, path, read } = useCommand();

describe('embed-quantize', () => {
  it.each([
    [['--bits', '4'], { bits: 4, block: 100 }],
    [
      ['--bits', '3', '--scheme', 'asymmetric', '--block', '7', '--scale-type', 'f16'],
      { bits: 3, scheme: 'asymmetric', block: 7, scaleType: 'f16' },
    ],
    [['--scheme', 'affine', '--bits', '8'], { bits: 8, scheme: 'affine', block: 100 }],
  ] as const)('in parts gives what the whole array gives: %j', async (args, options) => {
    // More than the 4 Mi values that are processed at once.
    const rows = 45_000;
    const data = new Float32Array(rows * 100).map((_, i) => Math.sin(i) * (1 + (i % 97)));
    writeFileSync(path('vectors.npy'), writeNpy({ data, shape: [rows, 100] }));
    const { code, out } = await fewbits(
      'embed-quantize',
      'vectors.npy',
      'out.safetensors',
      ...args,
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^out\.safetensors: 45000 x 100 at \d bits, 17\.2 MiB to \d\.\d MiB\n$/);
    const back = uniformFromSafetensors(readSafetensors(read('out.safetensors')), 'vectors');
    expect(back.shape).toEqual([rows, 100]);
    const { codes, scales, zeroPoints, minima, ...rest } = fb.uniform.quantize(data, options);
    expect(back.quantized).toMatchObject(rest);
    expect(Buffer.compare(back.quantized.codes, codes)).toBe(0);
    const same = (one: ArrayBufferView | null, two: ArrayBufferView | null) => {
      expect(
        one && Buffer.from(one.buffer, one.byteOffset, one.byteLength).toString('base64'),
      ).toBe(two && Buffer.from(two.buffer, two.byteOffset, two.byteLength).toString('base64'));
    };
    same(back.quantized.scales, scales);
    same(back.quantized.zeroPoints, zeroPoints);
    same(back.quantized.minima, minima);
  });

  it('refuses what is not finite by its index, and Fortran order', async () => {
    const data = new Float32Array(20).fill(1);
    data[13] = Infinity;
    writeFileSync(path('bad.npy'), writeNpy({ data, shape: [2, 10] }));
    const bad = await fewbits('embed-quantize', 'bad.npy', 'bad.safetensors');
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(/13/);
    writeFileSync(path('f.npy'), writeNpy({ data, shape: [2, 10] }, { fortranOrder: true }));
    const fortran = await fewbits('embed-quantize', 'f.npy', 'f.safetensors');
    expect(fortran.err).toMatch(/Fortran order/);
    expect(existsSync(path('f.safetensors'))).toBe(false);
  });
});
