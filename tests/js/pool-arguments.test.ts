// Arguments of pool calls: arrays that can or cannot be transferred, signals, and calls after dispose().

import { runInNewContext } from 'node:vm';
import { type Fewbits, load } from 'fewbits';
import { createConverter, createConverterPool } from 'fewbits/models';
import { createPool, openPool, type VectorPool } from 'fewbits/pool';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noise } from '../support/builds.ts';

let fb: Fewbits;
let pool: VectorPool;
beforeAll(async () => {
  fb = await load();
});
beforeEach(async () => {
  pool?.dispose();
  pool = await createPool({ dims: 4, workers: 2 });
});
afterAll(() => pool.dispose());

const code = (work: () => unknown): Promise<string> =>
  (async () => work())().then(
    () => 'passed',
    (error) => error.code ?? `${error}`,
  );

/** Expects that the pool holds exactly these vectors, in this order. */
async function expectVectors(x: Float32Array): Promise<void> {
  using index = fb.createIndex({ dims: 4 });
  index.add(x);
  expect(await pool.save()).toEqual(index.save());
}

describe('with transfer', () => {
  const transfer = { transfer: true };
  const values = noise(8, 1, 2);

  it('an array goes, and nothing else does', async () => {
    const x = values.slice();
    await pool.add(x, undefined, transfer);
    expect(x.length).toBe(0);
    await expectVectors(values);
  });

  it.each<[string, (x: Float32Array) => Float32Array]>([
    [
      'a part of a larger buffer',
      (x) => {
        const larger = new Float32Array(20);
        larger.set(x, 3);
        return larger.subarray(3, 3 + x.length);
      },
    ],
    [
      'memory of WebAssembly',
      (x) => {
        const { buffer } = new WebAssembly.Memory({ initial: 1 });
        const view = new Float32Array(buffer);
        view.set(x);
        return view.subarray(0, x.length);
      },
    ],
    [
      'shared memory',
      (x) => {
        const view = new Float32Array(new SharedArrayBuffer(x.byteLength));
        view.set(x);
        return view as Float32Array;
      },
    ],
  ])('%s stays, and is right', async (_, make) => {
    const x = make(values);
    const added = pool.add(x, undefined, transfer);
    x.fill(0); // It was copied.
    await added;
    expect(x.length).toBe(8);
    expect(x.buffer.byteLength).toBeGreaterThan(0);
    await expectVectors(values);
  });

  it('all of the memory of WebAssembly stays', async () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const x = new Float32Array(memory.buffer);
    x.set(noise(x.length));
    const copy = x.slice();
    await pool.add(x, undefined, transfer);
    expect(x.length).toBe(16384);
    await expectVectors(copy);
  });

  it('nothing goes when the call is refused', async () => {
    const x = values.slice();
    expect(await code(() => pool.add(x, ['one'], transfer))).toBe('INVALID_ARGUMENT');
    expect(await code(() => pool.add(x, ['one', {} as never], transfer))).toBe('INVALID_ARGUMENT');
    expect(await code(() => pool.add(x, ['one', 'one'], transfer))).toBe('INVALID_ARGUMENT');
    expect(await code(() => pool.add(x, 5 as never, transfer))).toBe('INVALID_ARGUMENT');
    expect(await code(() => pool.add(x.subarray(1), undefined, transfer))).toBe('INVALID_ARGUMENT');
    const signal = AbortSignal.abort('enough');
    expect(await code(() => pool.add(x, undefined, { transfer: true, signal }))).toBe('enough');
    expect(await code(() => pool.add(x, undefined, { transfer: 1 as never }))).toBe(
      'INVALID_ARGUMENT',
    );
    expect(x).toEqual(values);
    expect(pool.size).toBe(0);
  });
});

it('an array that was transferred already is refused', async () => {
  const gone = () => {
    const x = noise(4);
    structuredClone(x, { transfer: [x.buffer] });
    return x;
  };
  const calls: (() => Promise<unknown>)[] = [
    () => pool.add(gone()),
    () => pool.add(gone(), undefined, { transfer: true }),
    () => pool.replace(gone(), []),
    () => pool.search(gone()),
    () => pool.searchBatch(gone()),
    () => pool.calibrate(gone()),
    () => openPool(gone()),
    () => createPool({ dims: 4, mean: gone() }),
    () => pool.restart(gone()),
  ];
  for (const call of calls)
    expect([`${call}`, await code(call)]).toEqual([`${call}`, 'INVALID_ARGUMENT']);
  await pool.add(new Float32Array());
  expect(pool.size).toBe(0);
});

it('an array of another realm is copied at the call too', async () => {
  const values = noise(8);
  const x = runInNewContext('new Float32Array(8)') as Float32Array;
  x.set(values);
  const added = pool.add(x);
  x.fill(0);
  await added;
  await expectVectors(values);
  const query = runInNewContext('new Float32Array(4)') as Float32Array;
  query.set(values.subarray(4));
  const found = pool.search(query, { k: 1 });
  query.fill(0);
  expect((await found).ids).toEqual([1]);
});

describe('a signal', () => {
  const reasons = [undefined, null, 0, '', new Error('enough')];
  const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    add: (signal) => pool.add(noise(4), undefined, { signal }),
    search: (signal) => pool.search(noise(4), { signal }),
    searchBatch: (signal) => pool.searchBatch(noise(8), { signal }),
  };
  const thrown = (work: () => Promise<unknown>) =>
    work().then(
      () => 'passed',
      (reason) => reason,
    );

  it.each(Object.entries(calls))('stops %s with its reason, whatever it is', async (_, call) => {
    for (const reason of reasons) {
      const signal = AbortSignal.abort(reason);
      expect(await thrown(() => call(signal))).toBe(signal.reason);
      const controller = new AbortController();
      const running = thrown(() => call(controller.signal));
      controller.abort(reason);
      expect(await running).toBe(controller.signal.reason);
    }
    expect(pool.size).toBe(0);
    // An aborted call leaves the pool usable.
    await pool.add(noise(4));
    expect(pool.size).toBe(1);
  });

  it.each(Object.entries(calls))('of another kind is refused by %s', async (_, call) => {
    for (const odd of [null, {}, true, { aborted: false }, new AbortController()]) {
      expect(await code(() => call(odd as never))).toBe('INVALID_ARGUMENT');
    }
  });
});

it('after dispose() says so, and twice is fine', async () => {
  await pool.add(noise(8));
  const ids = pool.ids();
  expect(ids.next().value).toBe(0);
  pool.dispose();
  pool.dispose();
  const x = noise(4);
  const calls: (() => unknown)[] = [
    () => pool.size,
    () => pool.lost,
    () => pool.has(0),
    () => pool.ids(),
    () => ids.next(),
    () => pool.add(x),
    () => pool.replace(x, 0),
    () => pool.remove(0),
    () => pool.compact(),
    () => pool.search(x),
    () => pool.searchBatch(x),
    () => pool.reconstruct(0),
    () => pool.calibrate(x),
    () => pool.stats(),
    () => pool.save(),
    () => pool.savePieces().next(),
    () => pool.restart(),
  ];
  for (const call of calls) expect(await code(call)).toBe('DISPOSED');
});

it('names its class, so that proxies for plain objects leave it alone', async () => {
  expect(Object.prototype.toString.call(pool)).toBe('[object VectorPool]');
  await using converter = createConverterPool();
  expect(Object.prototype.toString.call(converter)).toBe('[object ConverterPool]');
  expect(() => structuredClone(pool)).toThrow(/VectorPool cannot be cloned/);
  expect(() => structuredClone(converter)).toThrow(/ConverterPool cannot be cloned/);
});

describe.each(['a pool of workers', 'this thread'])('a converter in %s', (where) => {
  const converter = () =>
    where === 'this thread' ? createConverter(fb) : createConverterPool({ workers: 2 });
  const bytes = new Uint8Array(noise(32).buffer);
  const conversion = { bytes, from: 'F32', to: 'Q4_0', rowLength: 32 } as const;

  it('refuses what is no conversion', async () => {
    const gone = new ArrayBuffer(8);
    const view = new Uint8Array(gone);
    structuredClone(gone, { transfer: [gone] });
    const made = converter();
    for (const odd of [
      undefined,
      null,
      5,
      {},
      { ...conversion, bytes: [1, 2] },
      { ...conversion, bytes: view },
      { ...conversion, bytes: Symbol('bytes') },
      { ...conversion, from: 'F33' },
      { ...conversion, to: Symbol('F32') },
      { ...conversion, to: 'toString' },
      { ...conversion, rowLength: 1.5 },
      { ...conversion, rowLength: 31 },
      { ...conversion, importance: 'all' },
      { ...conversion, importance: new Float32Array(31) },
      { ...conversion, spare: new Uint8Array(8) },
      { ...conversion, spare: gone },
      { ...conversion, size: 3 },
      Proxy.revocable({}, {}).proxy,
    ]) {
      expect(await code(() => made.convert(odd as never))).toBe('INVALID_ARGUMENT');
    }
    expect((await made.convert(conversion)).bytes.length).toBe(18);
    if ('dispose' in made) (made.dispose as () => void)();
  });

  it('gives the same from any memory', async () => {
    const made = converter();
    const expected = await createConverter(fb).convert(conversion);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const larger = new Uint8Array(200);
    larger.set(bytes, 4);
    const part = larger.subarray(4, 4 + bytes.length);
    for (const view of [shared, part, Buffer.from(bytes)]) {
      expect(await made.convert({ ...conversion, bytes: view })).toEqual(expected);
      expect(view.length).toBe(128);
    }
    const weights = Float32Array.from({ length: 40 }, (_, i) => i + 1);
    const importance = weights.subarray(8);
    const { bytes: weighted } = await made.convert({ ...conversion, importance });
    expect(weighted).toEqual(fb.ggml.quantize(noise(32), 'Q4_0', { rowLength: 32, importance }));
    expect(weights.length).toBe(40);
    if ('dispose' in made) (made.dispose as () => void)();
  });
});

it('a converter pool ends with dispose()', async () => {
  const conversion = { bytes: new Uint8Array(4), from: 'F32', to: 'F16', rowLength: 1 } as const;
  const made = createConverterPool({ workers: 1 });
  const pending = [made.convert(conversion), made.convert(conversion)];
  made.dispose();
  made.dispose();
  for (const call of [...pending, made.convert(conversion)]) {
    expect(await code(() => call)).toBe('DISPOSED');
  }
  for (const odd of [{ workers: 0 }, { workers: 1025 }, { size: 2 }, { createWorker: 5 }, 5]) {
    expect(await code(() => createConverterPool(odd as never))).toBe('INVALID_ARGUMENT');
  }
  const missing = createConverterPool({ wasm: new Uint8Array(3) });
  expect(await code(() => missing.convert(conversion))).toBe('LOAD_FAILED');
  missing.dispose();
});
