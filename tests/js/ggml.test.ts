// ggml's types through the package, against golden files of ggml.

import { readFileSync } from 'node:fs';
import { type Fewbits, FewbitsError, type GgmlQuantizedType, load } from 'fewbits';
import { beforeAll, describe, expect, it } from 'vitest';
import { variants } from '../support/builds.ts';

const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../golden/ggml/${name}`, import.meta.url)));
const floats = (name: string) => new Float32Array(golden(name).buffer);

const x = floats('input.f32');
const importance = floats('imatrix.f32');
const rowLength = 256;
const fileName = (type: string) =>
  type.endsWith('_K') ? `${type[0]?.toLowerCase()}${type.slice(1)}` : type.toLowerCase();

describe.each(variants)('ggml, %s', (variant) => {
  let fb: Fewbits;
  beforeAll(async () => {
    fb = await load({ variant });
  });

  const refused = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      if (error instanceof FewbitsError) return `${error.code}: ${error.message}`;
    }
    return 'passed';
  };

  it("gives ggml's bytes and floats for every block type", () => {
    const types = Object.keys(fb.ggml.types) as GgmlQuantizedType[];
    expect(types.length).toBeGreaterThan(15);
    for (const type of types.filter((name) => !name.endsWith('F16'))) {
      const bytes = golden(`${fileName(type)}.bin`);
      expect(fb.ggml.quantize(x, type, { rowLength }), type).toEqual(bytes);
      expect(fb.ggml.quantize(x, type, { rowLength, importance }), type).toEqual(
        golden(`with-imatrix/${fileName(type)}.bin`),
      );
      const decoded = new Uint8Array(fb.ggml.dequantize(bytes, type, x.length).buffer);
      expect(decoded, type).toEqual(golden(`${fileName(type)}.dequantized.f32`));
    }
  });

  it('gives the same bytes for any length, whatever pieces it crosses in', () => {
    const copies = 17; // 87,040 values: more than are copied to WebAssembly at once
    const long = new Float32Array(copies * x.length);
    for (let i = 0; i < copies; ++i) long.set(x, i * x.length);
    for (const type of ['Q4_K', 'Q8_0', 'IQ4_NL', 'NVFP4'] as const) {
      const once = fb.ggml.quantize(x, type, { rowLength, importance });
      const all = fb.ggml.quantize(long, type, { rowLength, importance });
      for (let i = 0; i < copies; ++i) {
        expect(all.subarray(i * once.length, (i + 1) * once.length)).toEqual(once);
      }
      const out = new Float32Array(long.length);
      expect(fb.ggml.dequantize(all, type, long.length, out)).toBe(out);
      expect(out.subarray(16 * x.length)).toEqual(fb.ggml.dequantize(once, type, x.length));
    }
    // A row longer than a chunk is not split: Q4_K has no statistics per row, so nothing changes.
    const tiled = new Float32Array(long.length);
    for (let i = 0; i < tiled.length; i += rowLength) tiled.set(importance, i);
    expect(fb.ggml.quantize(long, 'Q4_K', { importance: tiled })).toEqual(
      fb.ggml.quantize(long, 'Q4_K', { rowLength, importance }),
    );
  });

  it('refuses what it cannot hold, naming the place', () => {
    const bad = new Float32Array(40960).fill(1);
    bad[40000] = Number.NaN;
    expect(refused(() => fb.ggml.quantize(bad, 'Q4_K'))).toMatch(/^NON_FINITE: x\[40000\]/);
    expect(refused(() => fb.ggml.quantize(bad, 'F16'))).toBe('passed');
    expect(refused(() => fb.ggml.quantize(bad, 'Q4_K', { rowLength: 128 }))).toMatch(
      /^INVALID_ARGUMENT: rowLength must be a multiple of 256/,
    );
    expect(refused(() => fb.ggml.quantize(bad, 'Q4_K', { rowLength: 768 }))).toMatch(
      /^INVALID_ARGUMENT: x must hold whole rows of 768/,
    );
    expect(refused(() => fb.ggml.quantize(bad, 'Q8_K' as 'Q8_0'))).toMatch(/^INVALID_ARGUMENT/);
    expect(
      refused(() =>
        fb.ggml.quantize(x, 'Q4_K', { rowLength, importance: importance.map((w) => -w) }),
      ),
    ).toMatch(/^INVALID_ARGUMENT: importance\[0\]/);
    expect(refused(() => fb.ggml.dequantize(new Uint8Array(143), 'Q4_K', 256))).toMatch(
      /^INVALID_ARGUMENT: bytes must be a Uint8Array\(144\)/,
    );
    expect(refused(() => fb.ggml.dequantize(new Uint8Array(144), 'Q4_K', 255))).toMatch(
      /^INVALID_ARGUMENT/,
    );
    expect(fb.ggml.quantize([], 'Q4_K')).toEqual(new Uint8Array(0));
    expect(fb.ggml.quantize(x, 'Q4_K', { rowLength })).toEqual(golden('q4_K.bin'));
  });
});
