// The entry `fewbits/vectors`: its copies of numbers, its exports compared with the whole library, and its
// error for the wrong WebAssembly.

import { readFileSync } from 'node:fs';
import { load, loadSync } from 'fewbits';
import * as alone from 'fewbits/vectors';
import { expect, it } from 'vitest';
// Modules that the package does not export.
import { number } from '../../web/dist/core/numbers.js';
import { insideOf } from '../../web/dist/load/load.js';
import { NUMBERS } from '../../web/dist/vectors/structures.js';
import { expectError, noise, variants } from '../support/builds.ts';

const moduleOf = (file: string) =>
  new WebAssembly.Module(readFileSync(new URL(`../../web/dist/${file}`, import.meta.url)));

const whole = await load({ variant: 'simd128' });
const lean = await alone.load({ variant: 'simd128' });

it('its numbers are those of C++', () => {
  const { core } = insideOf(whole);
  for (const [name, value] of Object.entries(NUMBERS)) {
    expect(number(core, name), name).toBe(value);
    expect(number(insideOf(lean).core, name), name).toBe(value);
  }
});

it.each(variants)('every function of an index is in %s', (variant) => {
  const exported = new Set(
    WebAssembly.Module.exports(moduleOf(`vectors.${variant}.wasm`)).map(({ name }) => name),
  );
  const source = readFileSync(new URL('../../cpp/bindings/vectors.cpp', import.meta.url), 'utf8');
  const bound = [...source.matchAll(/function\("(vectors_\w+)"/g)].map(([, name]) => name);
  expect(bound.length).toBeGreaterThan(25);
  expect(bound.filter((name) => !exported.has(name))).toEqual([]);
});

const settings = [
  { bits: 4 },
  { bits: 1, refine: 8 },
  { bits: 2, metric: 'dot' },
  { bits: 8, metric: 'l2' },
] as const;

it.each(settings)(
  'writes the same bytes as the whole library, and reads its own: %j',
  (options) => {
    const dims = 48;
    const x = noise(600 * dims, 3);
    const [first, second] = [whole, lean].map((fb) => {
      using index = fb.createIndex({ dims, ...options });
      if (options.bits !== 8) index.calibrate(x.subarray(0, 300 * dims));
      index.add(
        x,
        Array.from({ length: 600 }, (_, i) => `name ${i}`),
      );
      index.remove('name 17');
      index.compact();
      return { file: index.save(), found: index.search(x.subarray(0, dims), { k: 5 }) };
    });
    expect(second).toEqual(first);
    for (const fb of [whole, lean]) {
      using index = fb.openIndex(second.file);
      expect(index.search(x.subarray(0, dims), { k: 5 })).toEqual(first.found);
      expect(index.save()).toEqual(first.file);
    }
  },
);

it('says which build is which', () => {
  expectError('LOAD_FAILED', /of the whole package.*index alone: pass vectors\.simd128\.wasm/, () =>
    alone.loadSync(moduleOf('fewbits.simd128.wasm')),
  );
  expectError('LOAD_FAILED', /of the index alone.*whole package: pass fewbits\.simd128\.wasm/, () =>
    loadSync(moduleOf('vectors.simd128.wasm')),
  );
  expectError('LOAD_FAILED', /no WebAssembly build of fewbits: pass vectors\./, () =>
    alone.loadSync(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))),
  );
});

it('loads once, by itself, from bytes and at once', async () => {
  expect(await alone.load({ variant: 'simd128' })).toBe(lean);
  const bytes = readFileSync(new URL('../../web/dist/vectors.simd128.wasm', import.meta.url));
  const other = await alone.load({ wasm: bytes });
  expect(other).not.toBe(lean);
  expect(other.memoryBytes).toBeGreaterThan(1e6);
  expect(alone.loadSync(moduleOf('vectors.simd128.wasm')).variant).toBe('simd128');
  await expect(alone.load({ wasm: new URL('file:///nowhere.wasm') })).rejects.toMatchObject({
    code: 'LOAD_FAILED',
    message: expect.stringContaining('vectors.simd128.wasm and vectors.relaxed.wasm must be'),
  });
});

it('full memory is an error that leaves the index as it was', () => {
  using index = lean.createIndex({ dims: 8 });
  index.add(noise(80));
  const before = index.save();
  expectError('OUT_OF_MEMORY', /no room|memory is full/, () =>
    insideOf(lean).core.memory.allocate(2 ** 32),
  );
  expect(index.save()).toEqual(before);
});
