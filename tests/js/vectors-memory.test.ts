// Memory of an index of a million vectors, and memory that runs out.

import { readFileSync } from 'node:fs';
import { loadSync, type VectorIndex } from 'fewbits';
import { afterEach, expect, it, vi } from 'vitest';
import { codeOf, noise } from '../support/builds.ts';

const bytes = readFileSync(new URL('../../web/dist/fewbits.simd128.wasm', import.meta.url));
const fresh = () => loadSync(new WebAssembly.Module(bytes));

afterEach(() => vi.restoreAllMocks());

/** Lets memory grow `times` times and no more; returns a function that counts the refusals. */
function limitGrowth(times: number): () => number {
  const real = WebAssembly.Memory.prototype.grow;
  let left = times;
  let refused = 0;
  vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(function (
    this: WebAssembly.Memory,
    pages: number,
  ) {
    if (left-- > 0) return real.call(this, pages);
    refused++;
    throw new RangeError('no more');
  });
  return () => refused;
}

it('a million vectors take little more memory than their codes, while they are added too', () => {
  const fb = fresh();
  const dims = 384;
  const x = noise(10_000 * dims);
  using index = fb.createIndex({ dims, bits: 4 });
  for (let i = 0; i < 100; i++) index.add(x);
  expect(index.size).toBe(1_000_000);
  expect(index.byteLength).toBeLessThan(1.03e6 * index.stats().bytesPerVector);
  // Memory never shrinks, so the current size is the peak.
  expect(fb.memoryBytes).toBeLessThan(260e6);
}, 120000);

it('memory that runs out leaves an index as it was', () => {
  const dims = 64;
  const many = noise(120_000 * dims);
  const work: Record<string, (index: VectorIndex) => unknown> = {
    add: (index) => index.add(many),
    search: (index) => index.search(many.subarray(0, dims), { k: 1000 }),
  };
  for (const [name, use] of Object.entries(work)) {
    for (const settings of [{ bits: 4 }, { bits: 8, refine: 8, metric: 'l2' }] as const) {
      let failures = 0;
      for (let times = 0; times < 20; times++) {
        const fb = fresh();
        using index = fb.createIndex({ dims, ...settings });
        index.add(name === 'search' ? many : many.subarray(0, 100 * dims));
        const query = many.subarray(dims, 2 * dims);
        const before = index.search(query);
        const { size, byteLength } = index;
        const refused = limitGrowth(times);
        const outcome = codeOf(() => use(index));
        vi.restoreAllMocks();
        expect(outcome).toBe(refused() > 0 ? 'OUT_OF_MEMORY' : 'passed');
        if (outcome === 'passed') break;
        failures++;
        expect(index.size).toBe(size);
        expect(index.byteLength).toBeLessThan(byteLength + 2 ** 18);
        expect(index.search(query)).toEqual(before);
        use(index);
      }
      if (name === 'add') expect(failures).toBeGreaterThan(0);
    }
  }
}, 60000);

it('memory that runs out while a transform is learned leaves the one before', () => {
  const dims = 768;
  const axes = noise(2000 * dims).map((x, i) => x / (1 + (i % dims)));
  const ball = noise(2000 * dims);
  let failures = 0;
  for (let times = 0; times < 30; times++) {
    const fb = fresh();
    using index = fb.createIndex({ dims, bits: 4 });
    index.calibrate(axes);
    const before = index.save();
    expect(index.stats().calibrated).toBe(true);
    // Free memory is used up, so that the memory must grow.
    using large = fb.createIndex({ dims, bits: 8 });
    for (let i = 0; i < 10; i++) large.add(ball);
    const refused = limitGrowth(times);
    const outcome = codeOf(() => index.calibrate(ball));
    vi.restoreAllMocks();
    expect(outcome).toBe(refused() > 0 ? 'OUT_OF_MEMORY' : 'passed');
    if (outcome === 'passed') break;
    failures++;
    expect(index.save()).toEqual(before);
    index.add(axes);
    expect(index.search(axes.subarray(0, dims), { k: 1 }).ids).toEqual([0]);
  }
  expect(failures).toBeGreaterThan(0);
}, 120000);

it('memory that runs out while a file is opened leaves nothing behind', () => {
  const dims = 64;
  const fb = fresh();
  let file: Uint8Array;
  {
    using index = fb.createIndex({ dims, bits: 8 });
    index.add(noise(120_000 * dims));
    file = index.save();
  }
  const other = fresh();
  const refused = limitGrowth(2);
  for (let i = 0; i < 20; i++) expect(codeOf(() => other.openIndex(file))).toBe('OUT_OF_MEMORY');
  expect(refused()).toBeGreaterThan(0);
  vi.restoreAllMocks();
  using index = other.openIndex(file);
  expect(index.size).toBe(120_000);
});
