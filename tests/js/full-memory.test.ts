// WebAssembly memory that is full, all 4 GB of it: every call reports OUT_OF_MEMORY or succeeds, and the
// module still works afterwards.

import { readFileSync } from 'node:fs';
import { type Fewbits, loadSync } from 'fewbits';
import { expect, it } from 'vitest';
import type { Memory } from '../../web/dist/core/memory.js';
import { insideOf } from '../../web/dist/load/load.js';
import { codeOf, noise } from '../support/builds.ts';

const bytes = readFileSync(new URL('../../web/dist/fewbits.simd128.wasm', import.meta.url));
const fresh = () => loadSync(new WebAssembly.Module(bytes));

/** Takes all available memory, block by block; pages that are never written to cost nothing. */
function fill(memory: Memory, from = 2 ** 31): number[] {
  const taken: number[] = [];
  for (let size = from; size >= 1; size /= 2) {
    while (codeOf(() => taken.push(memory.allocate(size))) === 'passed');
  }
  return taken;
}

const dims = 32;
const x = noise(300 * dims);
const small = noise(256, 1, 3);

type Call = (fb: Fewbits) => unknown;

/** Calls that need nothing allocated before. */
const calls: Record<string, Call> = {
  createIndex: (fb) => fb.createIndex({ dims }).dispose(),
  'createIndex with a mean': (fb) => fb.createIndex({ dims, mean: x.subarray(0, dims) }).dispose(),
  uniform: (fb) => fb.uniform.dequantize(fb.uniform.quantize(small, { block: 32 })),
  int4: (fb) => fb.int4.quantize(small),
  bits: (fb) => fb.bits.unpack(fb.bits.pack(Uint8Array.of(1, 2, 3), 2), 2, 3),
  floats: (fb) => fb.floats.decode(fb.floats.encode(small, 'f16'), 'f16', small.length),
  ggml: (fb) => fb.ggml.dequantize(fb.ggml.quantize(small, 'Q4_K'), 'Q4_K', small.length),
  'ggml, IQ4_XS': (fb) => fb.ggml.quantize(small, 'IQ4_XS'),
  kquant: (fb) => fb.kquant.quantize(small),
  distributional: (fb) => fb.distributional.quantize(small, { k: 4 }),
  'distributional, k-means': (fb) => fb.distributional.quantize(small, { k: 4, method: 'kmeans' }),
  linear: (fb) =>
    fb.linear.create({ weights: small, shape: [16, 16], weightBits: 8 }).forward(small, 16),
  matmul: (fb) => fb.linear.matmul(new Int8Array(16), new Int8Array(16), { m: 4, n: 4, k: 4 }),
};

it('to the last byte', () => {
  const fb = fresh();
  const { core } = insideOf(fb);
  using index = fb.createIndex({ dims, metric: 'l2', refine: 8 });
  index.add(x);
  using empty = fb.createIndex({ dims });
  const before = index.search(x.subarray(0, dims));
  const saved = index.save();
  const kept: Record<string, Call> = {
    add: () => index.add(x),
    search: () => index.search(x.subarray(0, dims)),
    searchBatch: () => index.searchBatch(x),
    reconstruct: () => index.reconstruct(7),
    'remove and compact': () => {
      index.remove(299);
      index.compact();
    },
    save: () => index.save(),
    stats: () => index.stats(),
    calibrate: () => empty.calibrate(x),
    openIndex: () => fb.openIndex(saved).dispose(),
  };
  const outcomes = new Map<string, Set<string>>();
  const taken = fill(core.memory);
  expect(fb.memoryBytes).toBeGreaterThan(4e9);
  // With nothing left, and with a little left, so that each allocation fails in turn.
  for (const left of [0, ...Array.from({ length: 21 }, (_, i) => 2 ** i)]) {
    if (left >= 16) {
      // A whole block is freed, and everything around it stays allocated.
      for (const address of taken.splice(0)) core.memory.release(address);
      const hole = core.memory.allocate(left);
      taken.push(...fill(core.memory));
      core.memory.release(hole);
    }
    for (const [name, call] of Object.entries({ ...calls, ...kept })) {
      const outcome = codeOf(() => call(fb));
      expect({ left, name, outcome }).toMatchObject({
        outcome: expect.stringMatching(/^(passed|OUT_OF_MEMORY)$/),
      });
      outcomes.set(name, (outcomes.get(name) ?? new Set()).add(outcome));
    }
  }
  expect(core.broken).toBe(false);
  for (const address of taken) core.memory.release(address);
  expect(index.search(x.subarray(0, dims)).ids[0]).toBe(before.ids[0]);
  for (const [name, call] of Object.entries({ ...calls, ...kept })) {
    if (name !== 'remove and compact')
      expect([name, codeOf(() => call(fb))]).toEqual([name, 'passed']);
  }
  expect(outcomes.get('createIndex')).toEqual(new Set(['OUT_OF_MEMORY', 'passed']));
  expect(outcomes.get('openIndex')).toContain('OUT_OF_MEMORY');
}, 120_000);
