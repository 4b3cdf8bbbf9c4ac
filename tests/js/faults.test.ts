// Faults inside of WebAssembly: only that instance ends. Every later call on it reports the fault, garbage
// collection of its objects is silent, and load() gives a new one.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { type Fewbits, FewbitsError, load, loadSync } from 'fewbits';
import { createPool } from 'fewbits/pool';
import { expect, it } from 'vitest';
import { guarded, isFault } from '../../web/dist/core/guard.js';
import { insideOf } from '../../web/dist/load/load.js';
import { Store } from '../../web/dist/store/store.js';
import type { Channel } from '../../web/dist/worker/channel.js';
import { Remote } from '../../web/dist/worker/remote.js';
import { answerCalls } from '../../web/dist/worker/serve.js';
import { expectError, noise } from '../support/builds.ts';

const dist = new URL('../../web/dist/', import.meta.url);
const bytes = readFileSync(new URL('fewbits.simd128.wasm', dist));
const fresh = () => loadSync(new WebAssembly.Module(bytes));

interface Raw {
  compare_accumulate(x: number, y: number, n: number, sums: number): void;
  vectors_destroy(address: number): void;
}
const rawOf = (fb: Fewbits) => insideOf(fb).core.functions<Raw>();

/** Reads far beyond the end of the memory. */
const trap = (fb: Fewbits) =>
  rawOf(fb).compare_accumulate(0xfffff000, 0xfffff000, 1000, 0xfffff000);

const message =
  /^WebAssembly failed \(.+\), and its memory may be damaged: .*load\(\) gives a new one/;

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

function stackOf(stack: string): Error {
  return Object.assign(new RangeError('Maximum call stack size exceeded'), { stack });
}

it('every call after a trap says what was before it', () => {
  const fb = fresh();
  const index = fb.createIndex({ dims: 8 });
  index.add(noise(80));
  expect(insideOf(fb).core.broken).toBe(false);
  const first = errorOf(() => trap(fb));
  expect(first).toBeInstanceOf(FewbitsError);
  expect(first).toMatchObject({ code: 'DISPOSED', message: expect.stringMatching(message) });
  expect((first as Error).cause).toBeInstanceOf(WebAssembly.RuntimeError);
  expect(insideOf(fb).core.broken).toBe(true);
  const calls: (() => unknown)[] = [
    () => index.add(noise(8)),
    () => index.search(noise(8)),
    () => index.save(),
    () => fb.createIndex({ dims: 8 }),
    () => fb.uniform.quantize([1, -1]),
    () => fb.ggml.quantize(noise(32), 'Q4_0'),
    () => fb.floats.encode([1], 'f16'),
    () => fb.distributional.quantize(noise(100), { k: 4 }),
  ];
  for (const call of calls) {
    expectError('DISPOSED', message, call);
    expect(isFault(errorOf(call))).toBe(true);
  }
  // Disposing still works.
  index.dispose();
  fb.memoryBytes;
  // Other instances have their own memory.
  expect(fresh().uniform.quantize([1, -1]).length).toBe(2);
});

it('arguments that are wrong are no faults', () => {
  const fb = fresh();
  const raw = rawOf(fb) as unknown as Record<string, (...args: unknown[]) => unknown>;
  expect(() => raw.compare_accumulate(Symbol('x'), 0, 0, 0)).toThrow(TypeError);
  const disposed = fb.createIndex({ dims: 8 });
  disposed.dispose();
  const error = errorOf(() => disposed.add(noise(8)));
  expect(error).toMatchObject({ code: 'DISPOSED' });
  expect(isFault(error)).toBe(false);
  expect(insideOf(fb).core.broken).toBe(false);
  expect(fb.uniform.quantize([1, -1]).length).toBe(2);
});

it.each<[string, unknown, boolean]>([
  ['a trap', new WebAssembly.RuntimeError('unreachable'), true],
  ['a stack that overflows inside', stackOf('f@fewbits.wasm:wasm-function[7]:0x12'), true],
  ['a stack that was full before', stackOf('at load (file:///wasm/fewbits.mjs:9:27589)'), false],
  ['one of which nothing is known', Object.assign(stackOf(''), { stack: undefined }), true],
  ['an argument that Embind refuses', new TypeError('Cannot convert'), false],
  ['what is no error', 'cut', true],
])('%s', (_, thrown, isBroken) => {
  const wasm = guarded({
    allocate() {
      throw thrown;
    },
  });
  const error = errorOf(() => wasm.allocate(1));
  expect([wasm.broken, isFault(error), error === thrown]).toEqual([isBroken, isBroken, !isBroken]);
});

it('load() gives another instance in place of one that failed, and one to all', async () => {
  const module = new WebAssembly.Module(bytes);
  const url = new URL('fewbits.simd128.wasm', dist);
  for (const options of [{ variant: 'simd128' }, { wasm: module }, { wasm: url }] as const) {
    const before = await load(options);
    expect(await load(options)).toBe(before);
    expectError('DISPOSED', message, () => trap(before));
    const [a, b] = await Promise.all([load(options), load(options)]);
    expect(a).not.toBe(before);
    expect(b).toBe(a);
    expect(a.uniform.dequantize(a.uniform.quantize([1, -1]))).toEqual(Float32Array.of(1, -1));
    expect(await load(options)).toBe(a);
  }
});

it('a worker in which WebAssembly failed is of no more use', async () => {
  const { port1, port2 } = new MessageChannel();
  const target = {
    trap: () => trap(fresh()),
    refuse: () => fresh().createIndex({ dims: 0 }),
  };
  const answered = {
    postMessage: (message: unknown) => port2.postMessage(message),
    addEventListener: (_: 'message', listener: (event: { data: unknown }) => void) =>
      port2.on('message', (data) => listener({ data })),
  };
  let ends = 0;
  const channel: Channel = {
    post: (message) => port1.postMessage(message),
    listen: (received) => void port1.on('message', received),
    hold() {},
    end: () => void ends++,
  };
  const options = { name: 'worker 1', runs: 'test', address: '', startTimeout: 1e9, strict: false };
  const remote = new Remote<typeof target>(channel, options);
  answerCalls(target, { runs: 'test', port: answered });
  await expect(remote.call('refuse', [])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(ends).toBe(0);
  const failed = { code: 'WORKER_FAILED', message: expect.stringMatching(/^worker 1 failed: Web/) };
  await expect(remote.call('trap', [])).rejects.toMatchObject(failed);
  await expect(remote.call('refuse', [])).rejects.toMatchObject(failed);
  expect(ends).toBe(1);
  port1.close();
});

it('collecting what a failed instance held ends nothing', () => {
  const script = `
    import { load } from '${dist.href}node.js';
    import { insideOf } from '${dist.href}load/load.js';
    const fb = await load({ variant: 'simd128' });
    let collected = 0;
    const seen = new FinalizationRegistry(() => collected++);
    (() => {
      for (let i = 0; i < 20; i++) seen.register(fb.createIndex({ dims: 8 }), i);
    })();
    try {
      insideOf(fb).core.functions().compare_accumulate(0xfffff000, 0xfffff000, 1000, 0xfffff000);
    } catch {}
    for (let i = 0; i < 50 && collected < 20; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(collected, insideOf(fb).core.broken);`;
  const args = ['--expose-gc', '--input-type=module', '--eval', script];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('20 true\n');
});

it('what stands for memory elsewhere is no plain object, and no clone of it is empty', async () => {
  const fb = fresh();
  using index = fb.createIndex({ dims: 8 });
  const pool = await createPool({ dims: 8, workers: 1 });
  const store = new Store('x', {} as never, {} as never);
  for (const [tag, object] of Object.entries({
    Fewbits: fb,
    VectorIndex: index,
    VectorPool: pool,
    Store: store,
  })) {
    expect(Object.prototype.toString.call(object)).toBe(`[object ${tag}]`);
    const words = new RegExp(`a ${tag} cannot be cloned: .*(load|open)`);
    for (const value of [object, { object }, [object]]) {
      expect(() => structuredClone(value)).toThrow(words);
    }
  }
  pool.dispose();
});
