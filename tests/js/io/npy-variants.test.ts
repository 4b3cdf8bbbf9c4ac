// npy files that numpy itself reads only in part: types without a name, and several arrays in one file.

import { readFileSync } from 'node:fs';
import { openNpy, readNpy, toFloat32, writeNpy } from 'fewbits/io';
import { describe, expect, it } from 'vitest';

const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../golden/npy/${name}.npy`, import.meta.url)));

const floats = [0, -0, 1.5, -2.25, 65504, 6.1e-5];

describe('npy', () => {
  it('what ml_dtypes saves is read as what the caller says it is', async () => {
    const bits = Uint16Array.of(0, 0x8000, 0x3fc0, 0xc010, 0x4780, 0x3880);
    const saved = golden('ml_bf16');
    const bf16 = { type: 'bf16', shape: [2, 3], data: bits };
    expect(readNpy(saved, { as: 'bf16' })).toEqual(bf16);
    expect(toFloat32(bits, 'bf16')).toEqual(Float32Array.of(0, -0, 1.5, -2.25, 65536, 2 ** -14));
    const opened = await openNpy(saved, { as: 'bf16' });
    expect(await opened.readFloat32(2, 2)).toEqual(Float32Array.of(1.5, -2.25));
    expect(() => readNpy(saved)).toThrow(/"<V2".*bfloat16.*\{ as: 'bf16' \}/);
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (const as of ['f8_e4m3', 'f8_e5m2', 'f8_e4m3fnuz', 'f8_e5m2fnuz', 'f8_e8m0'] as const) {
      const bytes = golden(`ml_${as}`);
      expect(readNpy(bytes, { as })).toEqual({ type: as, shape: [256], data: all });
      expect(() => readNpy(bytes)).toThrow(/ml_dtypes saves 8-bit floats so/);
      expect(() => readNpy(bytes, { as: 'bf16' })).toThrow(/their sizes differ/);
    }
    // Bit patterns, which may be saved as unsigned integers too.
    const patterns = writeNpy({ data: bits, shape: [2, 3] });
    expect(readNpy(patterns, { as: 'bf16' })).toEqual(bf16);
    expect(readNpy(patterns).type).toBe('uint16');
    // A type with a name is never reinterpreted.
    expect(readNpy(golden('f4_le'), { as: 'bf16' }).type).toBe('f32');
    expect(() => readNpy(saved, { as: 'f32' as never })).toThrow(/as must be one of 'f16', 'bf16'/);
  });

  it('of two arrays in a file the first', async () => {
    const twice = golden('twice');
    expect(readNpy(twice)).toEqual(readNpy(golden('f4_le')));
    const file = await openNpy(new Blob([twice]));
    expect(await file.read(0, file.length)).toEqual(new Float32Array(floats));
    const rest = twice.subarray(file.dataOffset + file.byteLength);
    expect(readNpy(rest)).toEqual({
      type: 'int16',
      shape: [5],
      data: Int16Array.of(0, 1, 2, 3, 4),
    });
  });
});
