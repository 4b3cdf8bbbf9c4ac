// Uniformly quantized arrays in safetensors files.

import { load, type UniformOptions } from 'fewbits';
import {
  readSafetensors,
  uniformFromSafetensors,
  uniformNames,
  uniformToSafetensors,
  writeSafetensors,
} from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { refused } from './damage.js';

const fb = await load();
const x = Float32Array.from({ length: 12 * 7 }, (_, i) => Math.sin(i * i));
const shape = [3, 4, 7];

describe('a uniformly quantized array in a safetensors file', () => {
  it.each<UniformOptions>([
    {},
    { bits: 4, block: 32 },
    { bits: 3, scheme: 'asymmetric', block: 7 },
    { bits: 5, scheme: 'affine', scaleType: 'f16', block: 10 },
    { scheme: 'asymmetric', axis: 0, shape: [12, 7] },
    { scheme: 'affine', axis: 1, shape: [12, 7] },
  ])('comes back as it was: %j', (options) => {
    const q = fb.uniform.quantize(x, options);
    const { tensors, metadata } = uniformToSafetensors('a.b', q, shape);
    const file = readSafetensors(writeSafetensors(tensors, metadata));
    expect(uniformNames(file)).toEqual(['a.b']);
    const back = uniformFromSafetensors(file, 'a.b');
    expect(back).toEqual({ quantized: q, shape });
    expect(fb.uniform.dequantize(back.quantized)).toEqual(fb.uniform.dequantize(q));
  });

  it('an empty array too', () => {
    for (const options of [{}, { axis: 1 as const, shape: [0, 3] as const }]) {
      const q = fb.uniform.quantize([], options);
      const { tensors, metadata } = uniformToSafetensors('a', q, [0, 3]);
      const file = readSafetensors(writeSafetensors(tensors, metadata));
      expect(uniformFromSafetensors(file, 'a')).toEqual({ quantized: q, shape: [0, 3] });
    }
  });

  it('is refused when description and tensors contradict each other', () => {
    const { tensors, metadata } = uniformToSafetensors('a', fb.uniform.quantize(x, { block: 8 }));
    const key = 'fewbits.uniform.a';
    const good = JSON.parse(metadata[key] as string);
    for (const lie of [
      { bits: 9 },
      { bits: 7 },
      { bits: '8' },
      { scheme: 'none' },
      { scheme: 'affine' },
      { scaleType: 'f16' },
      { length: 83 },
      { length: 2 ** 53 },
      { shape: [85] },
      { shape: null },
      { block: 0 },
      { block: null },
      { block: 9 },
      { columns: 5 },
    ]) {
      const lying = { [key]: JSON.stringify({ ...good, ...lie }) };
      const file = readSafetensors(writeSafetensors(tensors, lying));
      expect(() => uniformFromSafetensors(file, 'a'), JSON.stringify(lie)).toThrow(
        refused('CORRUPT_DATA'),
      );
    }
    for (const text of ['', '{', 'null', '3', '[]']) {
      const file = readSafetensors(writeSafetensors(tensors, { [key]: text }));
      expect(() => uniformFromSafetensors(file, 'a')).toThrow(refused('CORRUPT_DATA'));
    }
    const file = readSafetensors(writeSafetensors(tensors, metadata));
    expect(() => uniformFromSafetensors(file, 'b')).toThrow(refused('INVALID_ARGUMENT'));
  });
});
