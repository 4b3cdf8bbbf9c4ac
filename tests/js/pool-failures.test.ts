// Failing workers: the errors of the pool, the vectors it keeps, and those it restores. Long because a worker
// may die in every call.

import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type TransferListItem, Worker } from 'node:worker_threads';
import { type Fewbits, load } from 'fewbits';
import { createPool, openPool, type PoolOptions, type VectorPool } from 'fewbits/pool';
import { beforeAll, describe, expect, it } from 'vitest';
import { noise } from '../support/builds.ts';

let fb: Fewbits;
beforeAll(async () => {
  fb = await load();
});

const script = new URL('../../web/dist/pool/shard-worker-node.mjs', import.meta.url);

interface Message {
  call: number;
  method: string;
}

/** A worker's behaviour instead of a method: it waits first, dies, or answers with this error. */
type Fault = 'waits' | 'dies' | { code?: string; message: string };

/** A worker whose methods can be made to fail. */
class FaultyWorker extends Worker {
  faults: Record<string, Fault> = {};

  constructor() {
    super(script);
  }

  override postMessage(message: Message, transfer?: readonly TransferListItem[]): void {
    const fault = this.faults[message.method];
    if (fault === undefined) super.postMessage(message, transfer);
    else if (fault === 'waits') setTimeout(() => super.postMessage(message, transfer), 200);
    else if (fault === 'dies') void this.terminate();
    else setTimeout(() => this.emit('message', { call: message.call, error: fault }));
  }
}

const dims = 16;
const options = { dims, bits: 4, metric: 'l2' } as const;

/** A pool of three workers, and the workers that are running. */
async function faultyPool(more: Partial<PoolOptions> = {}) {
  const workers: FaultyWorker[] = [];
  const createWorker = () => {
    const worker = new FaultyWorker();
    workers.push(worker);
    return worker;
  };
  const pool = await createPool({ ...options, workers: 3, createWorker, ...more });
  return { pool, workers };
}

const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'passed',
    (error) => error.code,
  );

async function taken(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const piece of pieces) length += piece.length;
  return length;
}

/** Runs `work` while garbage is collected all the time. */
async function collecting(work: () => Promise<unknown>): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const timer = setInterval(collect, 20);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
}

/** Expects that the pool equals the index in this file. */
async function expectLike(pool: VectorPool, file: Uint8Array): Promise<void> {
  using index = fb.openIndex(file);
  expect([...pool.ids()]).toEqual([...index.ids()]);
  const query = noise(dims, 1, 5);
  const all = { k: 2000 };
  expect(await pool.search(query, all)).toEqual(index.search(query, all));
  expect(await pool.save()).toEqual(index.save());
}

describe('adding is all or nothing when one worker', () => {
  it.each([
    ['has no room', { code: 'OUT_OF_MEMORY', message: 'vectors: WebAssembly memory is full' }],
    ['finds what the check did not', { code: 'NON_FINITE', message: 'vectors[3] is NaN' }],
  ])('%s', async (_, fault) => {
    const { pool, workers } = await faultyPool();
    using _pool = pool;
    await pool.add(noise(300 * dims));
    await pool.remove(7);
    for (const worker of workers) {
      worker.faults = { add: fault };
      expect(await code(pool.add(noise(100 * dims, 1, 2)))).toBe(fault.code);
      worker.faults = {};
      expect(pool.size).toBe(299);
    }
    using index = fb.createIndex(options);
    index.add(noise(300 * dims));
    index.remove(7);
    await expectLike(pool, index.save());
  });

  it('dies', async () => {
    const { pool, workers } = await faultyPool();
    using _pool = pool;
    await pool.add(noise(300 * dims));
    const file = await pool.save();
    workers[1].faults = { add: 'dies' };
    expect(await code(pool.add(noise(100 * dims, 1, 2)))).toBe('WORKER_FAILED');
    expect(pool.lost).toEqual([1]);
    expect(pool.size).toBe(300);
    expect(await pool.restart(file)).toEqual({ restored: 100, lost: [] });
    expect(pool.lost).toEqual([]);
    await expectLike(pool, file);
  });
});

it('replacing is all or nothing too', async () => {
  const { pool, workers } = await faultyPool({ refine: 4 });
  using _pool = pool;
  await pool.add(noise(300 * dims));
  const ids = Array.from({ length: 60 }, (_, i) => i * 5);
  const x = noise(60 * dims, 1, 3);
  await pool.remove(150);
  await pool.remove(299);
  const before = await pool.save();
  await pool.add(noise(30 * dims, 1, 4));
  await pool.remove(301);
  const kept = ids.filter((id) => pool.has(id));
  workers[2].faults = { replace: { code: 'OUT_OF_MEMORY', message: 'full' } };
  expect(await code(pool.replace(x.subarray(0, kept.length * dims), kept))).toBe('OUT_OF_MEMORY');
  workers[2].faults = {};
  using index = fb.openIndex(before);
  index.add(noise(30 * dims, 1, 4));
  index.remove(301);
  await expectLike(pool, index.save());
  const file = await pool.save();
  workers[0].faults = { replace: 'dies' };
  expect(await code(pool.replace(x.subarray(0, kept.length * dims), kept))).toBe('WORKER_FAILED');
  await pool.restart(file);
  await expectLike(pool, file);
});

describe('upsert is all or nothing too, when one worker', () => {
  const full = { code: 'OUT_OF_MEMORY', message: 'full' };

  it.each([
    ['has no room for the new ones', { add: full }],
    ['has no room for the others', { replace: full }],
    ['dies while the new ones come', { add: 'dies' as const }],
    ['dies while the others come', { replace: 'dies' as const }],
  ])('%s', async (_, faults) => {
    const { pool, workers } = await faultyPool();
    using _pool = pool;
    await pool.add(noise(300 * dims));
    await pool.remove(7);
    const file = await pool.save();
    const ids = Array.from({ length: 100 }, (_, i) => i * 7);
    for (const worker of workers) {
      worker.faults = faults;
      const dies = Object.values(faults)[0] === 'dies';
      const expected = dies ? 'WORKER_FAILED' : 'OUT_OF_MEMORY';
      expect(await code(pool.upsert(noise(100 * dims, 1, 2), ids))).toBe(expected);
      worker.faults = {};
      expect(pool.size).toBe(299);
      expect(pool.has(7)).toBe(false);
      if (dies) break;
    }
    await pool.restart(file);
    await expectLike(pool, file);
    const x = noise(100 * dims, 1, 2);
    expect(await pool.upsert(x, ids)).toEqual({ added: 58, replaced: 42 });
    using index = fb.openIndex(file);
    index.upsert(x, ids);
    await expectLike(pool, index.save());
  });
});

it('removing many is done though a worker dies over it', async () => {
  const { pool, workers } = await faultyPool();
  using _pool = pool;
  await pool.add(noise(300 * dims));
  const file = await pool.save();
  workers[1].faults = { removeMany: 'dies' };
  expect(await pool.removeMany([1, 150, 299, 400])).toBe(3);
  expect(pool.size).toBe(297);
  expect(await pool.restart(file)).toEqual({ restored: 99, lost: [] });
  using index = fb.openIndex(file);
  index.removeMany([1, 150, 299]);
  await expectLike(pool, index.save());
  // If the only worker concerned dies, nothing is removed.
  workers[0].faults = { removeMany: 'dies' };
  expect(await code(pool.remove(2))).toBe('WORKER_FAILED');
  expect(pool.has(2)).toBe(true);
});

describe('a worker that dies', () => {
  it('is missed by every call until restart', async () => {
    const { pool, workers } = await faultyPool();
    using _pool = pool;
    await pool.add(noise(300 * dims));
    const file = await pool.save();
    const query = noise(dims, 1, 5);
    const whole = await pool.search(query, { k: 300 });
    const pending = [pool.search(query), pool.add(query), pool.reconstruct(0)];
    void workers[1].terminate();
    for (const call of pending) expect(await code(call)).toBe('WORKER_FAILED');
    await expect(pool.search(query)).rejects.toThrow('worker 2 of 3 failed: it was terminated');
    expect(await code(pool.remove(0))).toBe('WORKER_FAILED');
    expect(await code(pool.replace(query, [0]))).toBe('WORKER_FAILED');
    expect(await code(pool.stats())).toBe('WORKER_FAILED');
    expect(await code(pool.save())).toBe('WORKER_FAILED');
    expect(await code(pool.compact())).toBe('WORKER_FAILED');
    expect(pool.size).toBe(300);
    // With `partial`, the results of the other workers are returned, and the number of missing vectors.
    const { ids, missing } = await pool.search(query, { k: 300, partial: true });
    expect(missing).toBe(100);
    expect(ids).toEqual(whole.ids.filter((id) => ids.includes(id)));
    expect(ids.length).toBe(200);
    expect(await pool.restart(file)).toEqual({ restored: 100, lost: [] });
    expect(await pool.search(query, { k: 300 })).toEqual(whole);
    expect((await pool.search(query, { partial: true })).missing).toBe(0);
    await expectLike(pool, file);
  });

  it('comes back without what was in no file, and says what that is', async () => {
    const { pool, workers } = await faultyPool();
    using _pool = pool;
    const x = noise(400 * dims, 1, 8);
    await pool.add(x.subarray(0, 300 * dims));
    await pool.remove(3);
    await pool.remove(290);
    const file = await pool.save();
    await pool.add(x.subarray(300 * dims));
    await pool.replace(x.subarray(0, 2 * dims), [120, 20]);
    await pool.remove(121);
    await pool.remove(310);
    await Promise.all([workers[1], workers[2]].map((worker) => worker.terminate()));
    using stranger = fb.createIndex(options);
    stranger.add(x);
    expect(await code(pool.restart(stranger.save()))).toBe('INVALID_ARGUMENT');
    expect(await code(pool.restart(file.subarray(1)))).toBe('CORRUPT_DATA');
    expect(pool.lost).toEqual([1, 2]);
    const before = [...pool.ids()];
    const { restored, lost } = await pool.restart(file);
    // Rows 100 to 299 were in these two workers; of those added later, 33 or 34 in each.
    expect(restored).toBe(200 - 3);
    expect(lost).toContain(120);
    expect(lost.length).toBeGreaterThan(65);
    expect([...pool.ids()]).toEqual(before.filter((id) => !lost.includes(id)));
    using index = fb.createIndex(options);
    index.add(x);
    index.replace(x.subarray(0, 2 * dims), [120, 20]);
    for (const id of index.ids()) if (!pool.has(id)) index.remove(id);
    await expectLike(pool, index.save());
    // The same without any file.
    await workers[0].terminate();
    const size = pool.size;
    const gone = await pool.restart();
    expect(gone.restored).toBe(0);
    expect(pool.size).toBe(size - gone.lost.length);
    for (const id of gone.lost) index.remove(id);
    await expectLike(pool, index.save());
    expect(await pool.restart()).toEqual({ restored: 0, lost: [] });
  });

  it('comes back from the same file, whatever was removed since', async () => {
    const { pool, workers } = await faultyPool();
    using _pool = pool;
    await pool.add(noise(300 * dims));
    const file = await pool.save();
    using index = fb.openIndex(file);
    for (const id of [0, 5, 101, 150, 299]) {
      await pool.remove(id);
      index.remove(id);
    }
    await pool.compact();
    await workers[1].terminate();
    expect(await pool.restart(file)).toEqual({ restored: 98, lost: [] });
    await pool.remove(7);
    index.remove(7);
    await workers[2].terminate();
    expect(await pool.restart(file)).toEqual({ restored: 99, lost: [] });
    await expectLike(pool, index.save());
  });

  it('comes back from an older file when the newer ones were not kept', async () => {
    const { pool, workers } = await faultyPool();
    using _pool = pool;
    const x = noise(303 * dims, 1, 8);
    const ids = Array.from({ length: 300 }, (_, i) => `id ${i}`);
    await pool.add(x.subarray(0, 300 * dims), ids);
    const file = await pool.save();
    // Each change is saved but the file is lost, as when a store is full.
    await pool.replace(x.subarray(300 * dims, 301 * dims), ['id 120']);
    await pool.save();
    await pool.remove('id 150');
    await pool.remove('id 160');
    await pool.save();
    await pool.add(x.subarray(301 * dims, 302 * dims), ['id 160']);
    await pool.add(x.subarray(302 * dims), ['new']);
    await pool.save();
    using index = fb.openIndex(await pool.save());
    await Promise.all(workers.map((worker) => worker.terminate()));
    const { restored, lost } = await pool.restart(file);
    expect(restored).toBe(297);
    expect(lost.sort()).toEqual(['id 120', 'id 160', 'new']);
    for (const id of lost) index.remove(id);
    await expectLike(pool, index.save());
  });

  it('stays away when it does not start again', async () => {
    const workers: FaultyWorker[] = [];
    const createWorker = () => {
      if (workers.length === 4) throw new Error('no more workers');
      const worker = new FaultyWorker();
      if (workers.push(worker) === 4) worker.faults = { import: 'dies' };
      return worker;
    };
    using pool = await createPool({ ...options, workers: 3, createWorker });
    await pool.add(noise(30 * dims));
    const file = await pool.save();
    await workers[0].terminate();
    expect(await code(pool.search(noise(dims)))).toBe('WORKER_FAILED');
    expect(await code(pool.restart(file))).toBe('WORKER_FAILED');
    await expect(pool.restart(file)).rejects.toThrow(/no more workers/);
    expect(pool.lost).toEqual([0]);
    expect(pool.size).toBe(30);
    workers.pop();
    workers.pop();
    expect(await pool.restart(file)).toEqual({ restored: 10, lost: [] });
    await expectLike(pool, file);
  });

  it('by an error that should not be is not used again', async () => {
    const { pool, workers } = await faultyPool();
    using _pool = pool;
    await pool.add(noise(30 * dims));
    const file = await pool.save();
    workers[0].faults = { search: { message: 'RuntimeError: unreachable' } };
    await expect(pool.search(noise(dims))).rejects.toThrow(/worker 1 of 3.*unreachable/);
    expect(pool.lost).toEqual([0]);
    await pool.restart(file);
    await expectLike(pool, file);
  });

  it('is not taken for one when it is none', async () => {
    const createWorker = () => ({}) as Worker;
    expect(await code(createPool({ ...options, workers: 2, createWorker }))).toBe('WORKER_FAILED');
  });

  it('at the start is the end of the pool', async () => {
    const workers: FaultyWorker[] = [];
    const createWorker = () => {
      const worker = new FaultyWorker();
      if (workers.push(worker) === 2) worker.faults = { open: 'dies' };
      return worker;
    };
    const starting = createPool({ ...options, workers: 3, createWorker });
    expect(await code(starting)).toBe('WORKER_FAILED');
    expect(workers.length).toBe(3);
    await expect.poll(() => workers.filter((worker) => worker.threadId !== -1).length).toBe(0);
  });
});

it('ends with dispose, and when it is forgotten', async () => {
  const { pool, workers } = await faultyPool();
  const exits = Promise.all(workers.map((worker) => once(worker, 'exit')));
  const pending = pool.add(noise(1000 * dims));
  pool.dispose();
  pool.dispose();
  expect(await code(pending)).toBe('DISPOSED');
  expect(await code(pool.search(noise(dims)))).toBe('DISPOSED');
  expect(await code(pool.restart())).toBe('DISPOSED');
  expect(await code(pool.savePieces().next())).toBe('DISPOSED');
  await exits;

  await collecting(async () => {
    const { workers: others } = await faultyPool();
    return Promise.all(others.map((worker) => once(worker, 'exit')));
  });
});

it.each<[string, (pool: VectorPool) => Promise<unknown>]>([
  ['search', (pool) => pool.search(noise(dims))],
  ['searchBatch', (pool) => pool.searchBatch(noise(dims))],
  ['reconstruct', (pool) => pool.reconstruct(1)],
  ['stats', (pool) => pool.stats()],
  ['compact', (pool) => pool.compact()],
  ['save', (pool) => pool.save()],
  ['savePieces', (pool) => taken(pool.savePieces())],
  ['restart', (pool) => pool.restart()],
])('is not forgotten while %s is pending', async (name, call) => {
  const faults: Record<string, Fault> = {};
  const workers: FaultyWorker[] = [];
  const createWorker = () => {
    const worker = new FaultyWorker();
    worker.faults = faults;
    workers.push(worker);
    return worker;
  };
  const begin = async () => {
    const { pool } = await faultyPool({ createWorker });
    await pool.add(noise(30 * dims));
    await pool.remove(0);
    if (name === 'restart') await workers[0].terminate();
    for (const method of ['open', 'search', 'reconstruct', 'stats', 'compact', 'export']) {
      faults[method] = 'waits';
    }
    // Not awaited here, where the pool is still referenced.
    return { pending: call(pool) };
  };
  await collecting(async () => {
    const { pending } = await begin();
    await pending;
    await Promise.all(workers.map((worker) => worker.threadId === -1 || once(worker, 'exit')));
  });
});

it('ends with dispose, though a save has stopped half-way', async () => {
  const { pool } = await faultyPool();
  await pool.add(noise(300 * dims));
  const pieces = pool.savePieces();
  await pieces.next();
  const waiting = [pool.add(noise(dims)), pool.save(), pool.search(noise(dims))];
  pool.dispose();
  for (const call of waiting) expect(await code(call)).toBe('DISPOSED');
  expect(await code(pieces.next())).toBe('DISPOSED');
});

it('saves in pieces, while changes wait', async () => {
  const { pool } = await faultyPool();
  using _pool = pool;
  await pool.add(noise(300 * dims));
  using index = fb.createIndex(options);
  index.add(noise(300 * dims));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let adding: Promise<void> | undefined;
  for await (const piece of pool.savePieces()) {
    if (adding === undefined) {
      expect((await pool.search(noise(dims))).ids[0]).toBe(0);
      adding = pool.add(noise(dims));
    }
    pieces.push(piece);
  }
  const file = new Uint8Array(await new Blob(pieces).arrayBuffer());
  expect(file).toEqual(index.save());
  await adding;
  expect(pool.size).toBe(301);
  // Leaving the loop early lets other calls continue.
  for await (const _piece of pool.savePieces()) break;
  await pool.add(noise(dims));
  using again = await openPool(file, { workers: 2 });
  expect(again.size).toBe(300);
});
