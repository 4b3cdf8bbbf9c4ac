// The WebAssembly of a pool: the index-only build by default, or any build that is passed, in any form.

import { readFileSync } from 'node:fs';
import { load, type Variant } from 'fewbits';
import { createPool, openPool } from 'fewbits/pool';
import { load as loadVectors } from 'fewbits/vectors';
import { beforeEach, expect, it } from 'vitest';
// Modules that the package does not export.
import { insideOf } from '../../web/dist/load/load.js';
import { noise, variants } from '../support/builds.ts';

const DIMS = 24;
const vectors = noise(300 * DIMS, 5);
const options = { dims: DIMS, bits: 2, refine: 8 } as const;

const fb = await load();
const index = fb.createIndex(options);
index.add(vectors);
const file = index.save();
const found = index.searchBatch(vectors.subarray(0, 3 * DIMS), { k: 5 });

const addressOf = (name: string) => new URL(`../../web/dist/${name}.wasm`, import.meta.url);

/** The modules compiled since the test began. */
let compiled: number[] = [];
const { compile } = WebAssembly;
WebAssembly.compile = (bytes) => {
  compiled.push(bytes.byteLength);
  return compile(bytes);
};
beforeEach(() => {
  compiled = [];
});

type Given = NonNullable<Parameters<typeof createPool>[0]['wasm']>;

/** Expects that a pool started from `wasm` creates and opens the same as an index. */
async function expectRight(o: { wasm?: Given; variant?: Variant }): Promise<void> {
  await using made = await createPool({ ...options, workers: 2, ...o });
  await made.add(vectors);
  expect(Buffer.compare(await made.save(), file)).toBe(0);
  await using opened = await openPool(file, { workers: 2, ...o });
  for (const pool of [made, opened]) {
    expect(await pool.searchBatch(vectors.subarray(0, 3 * DIMS), { k: 5 })).toEqual(found);
  }
}

const names = ['vectors', 'fewbits'].flatMap((name) => variants.map((v) => `${name}.${v}`));

it.each(names)('%s as bytes, as a module and at an address', async (name) => {
  const bytes = readFileSync(addressOf(name));
  const sources: Given[] = [bytes, new WebAssembly.Module(bytes), addressOf(name)];
  for (const wasm of sources) await expectRight({ wasm });
  // Bytes once for both pools, the address once, and the module never.
  expect(compiled).toEqual([bytes.length, bytes.length]);
});

it.each(variants)(
  '%s by itself is that of the index alone, shared with its entry',
  async (variant) => {
    const { module } = insideOf(await loadVectors({ variant }));
    compiled = [];
    await expectRight({ variant });
    expect(compiled).toEqual([]);
    const stamps = WebAssembly.Module.customSections(module as WebAssembly.Module, 'fewbits');
    expect(new TextDecoder().decode(stamps[0])).toContain('vectors (');
  },
);

it('other WebAssembly is refused with what to pass', async () => {
  const other = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  await expect(createPool({ ...options, wasm: other })).rejects.toMatchObject({
    code: 'LOAD_FAILED',
    message: expect.stringContaining('pass vectors.simd128.wasm or vectors.relaxed.wasm'),
  });
});

it('a module of the whole package and another version is told by its stamp', async () => {
  const bytes = new Uint8Array(readFileSync(addressOf('fewbits.simd128')));
  // The last characters of the stamp, which is in the last section.
  bytes[bytes.length - 2] ^= 1;
  await expect(createPool({ ...options, wasm: bytes })).rejects.toMatchObject({
    code: 'LOAD_FAILED',
    message: expect.stringMatching(/the WebAssembly is of fewbits .* take both from one package/),
  });
});
