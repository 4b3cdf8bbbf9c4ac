// WebAssembly memory: little use for arrays of any length, and growth that moves views or fails.

import { readFileSync } from 'node:fs';
import { loadSync } from 'fewbits';
import { afterEach, expect, it, vi } from 'vitest';
import { Memory } from '../../web/dist/core/memory.js';
import { instantiate } from '../../web/dist/core/wasm.js';
import { expectError, expectSame, noise } from '../support/builds.ts';

const bytes = readFileSync(new URL('../../web/dist/fewbits.simd128.wasm', import.meta.url));
const fresh = () => loadSync(new WebAssembly.Module(bytes));

/** One scale per column: the scales of all columns are in WebAssembly memory at once. */
const wide = { axis: 1, shape: [1, 1_000_000] } as const;

afterEach(() => vi.restoreAllMocks());

it('an array of any length needs no more memory than a chunk', () => {
  const fb = fresh();
  const before = fb.memoryBytes;
  const x = noise(5_000_000);
  const q = fb.uniform.quantize(x, { bits: 4, block: 32 });
  fb.compare(x, fb.uniform.dequantize(q));
  fb.floats.decode(fb.floats.encode(x, 'f16'), 'f16', x.length);
  expect(before).toBeLessThan(8 * 2 ** 20);
  expect(fb.memoryBytes).toBe(before);
});

it('memory that grows spoils neither results nor later calls', () => {
  const fb = fresh();
  const x = noise(1_000_000);
  const small = fb.uniform.quantize(x.subarray(0, 1000), { bits: 3, block: 7 });
  const kept = structuredClone(small);
  const before = fb.memoryBytes;
  const q = fb.uniform.quantize(x, wide);
  expect(fb.memoryBytes).toBeGreaterThan(before);
  expect(small).toEqual(kept);
  const back = fb.uniform.dequantize(q);
  for (let i = 0; i < x.length; i += 997) {
    expect(Math.abs(back[i] - x[i])).toBeLessThan(1e-7 + Math.abs(x[i]) * 1e-6);
  }
  const again = fb.uniform.quantize(x.subarray(0, 1000), { bits: 3, block: 7 });
  expectSame(again.codes, kept.codes);
});

it('memory that cannot grow is said, and the library goes on', () => {
  const fb = fresh();
  const x = noise(1_000_000);
  const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(() => {
    throw new RangeError('no more');
  });
  expectError('OUT_OF_MEMORY', /WebAssembly memory has no room for \d+ more bytes/, () =>
    fb.uniform.quantize(x, wide),
  );
  expect(grow).toHaveBeenCalled();
  expect(Array.from(fb.uniform.codes(fb.uniform.quantize([1, -1])))).toEqual([127, -127]);
  grow.mockRestore();
  expect(fb.uniform.quantize(x, wide).length).toBe(1_000_000);
});

it('sizes that 32 bits do not hold are memory that is not there, and the scratch stays sound', () => {
  const memory = new Memory(instantiate(new WebAssembly.Module(bytes)));
  const beyond = [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 8, 2 ** 40, Number.MAX_SAFE_INTEGER];
  for (const size of beyond) {
    const none = new RegExp(`^WebAssembly memory has no room for ${size} more bytes`);
    expectError('OUT_OF_MEMORY', none, () => memory.allocate(size));
  }
  // Sizes that each fit in 32 bits, but whose sum does not.
  for (const sizes of [
    ...beyond.map((size) => [16, size]),
    [2 ** 31, 2 ** 31],
    [2 ** 32 - 64, 96],
  ]) {
    expectError('OUT_OF_MEMORY', /no room for \d{10,} more bytes/, () =>
      memory.withScratch(sizes, () => expect.unreachable()),
    );
  }
  // The failed requests left no capacity behind: new scratch memory does not overlap the block after it.
  const [first, second, neighbour] = memory.withScratch([4096, 4096], (a, b) => [
    a,
    b,
    memory.allocate(16),
  ]);
  expect(second - first).toBe(4096);
  expect(neighbour >= second + 4096 || neighbour + 16 <= first).toBe(true);
});

it('a scratch that was large goes back, and a failure to enlarge it leaves it sound', () => {
  const memory = new Memory(instantiate(new WebAssembly.Module(bytes)));
  const large = 64 * 2 ** 20;
  const first = memory.withScratch([large], (at) => at);
  const { byteLength } = memory;
  expect(byteLength).toBeGreaterThan(large);
  const other = memory.allocate(large);
  expect(memory.byteLength).toBe(byteLength);
  expect(other).toBe(first);
  // A small one is kept: consecutive calls need no new memory.
  const small = memory.withScratch([1000], (at) => at);
  expect(memory.withScratch([500], (at) => at)).toBe(small);
  expectError('OUT_OF_MEMORY', /no room/, () => memory.withScratch([2 ** 32 - 64], () => 0));
  const [a, b] = memory.withScratch([64, 64], (...at) => at);
  expect(b - a).toBe(64);
});

it('all neighbours of many queries take no more memory than those of a few', () => {
  const fb = fresh();
  const dims = 4;
  const n = 60_000;
  const x = noise(n * dims);
  using index = fb.createIndex({ dims });
  index.add(x);
  const before = fb.memoryBytes;
  const results = index.searchBatch(x.subarray(0, 32 * dims), { k: n });
  expect(results.map(({ ids }) => ids.length)).toEqual(new Array(32).fill(n));
  // At 40 bytes per result, those of all queries at once would be 77 MB.
  expect(fb.memoryBytes - before).toBeLessThan(30e6);
  const [alone] = index.searchBatch(x.subarray(31 * dims, 32 * dims), { k: n });
  expect(alone).toEqual(results[31]);
}, 120_000);
