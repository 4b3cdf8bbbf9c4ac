// `fewbits/pool` in Node.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { isBase } from '../core/address.js';
import { load } from '../node.js';
import type { IndexOptions } from '../vectors/arguments.js';
import type { WorkerThread } from '../worker/channel.js';
import { threadSource } from '../worker/own.js';
import { create, open, type Platform } from './create.js';
import type { PoolSettings } from './options.js';
import type { VectorPool } from './pool.js';

export type { WorkerThread } from '../worker/channel.js';
export * from './entry.js';

/** How a pool runs. */
export type OpenPoolOptions = PoolSettings<WorkerThread>;

/** How a pool runs, and what its index is like. */
export type PoolOptions = IndexOptions & OpenPoolOptions;

// A literal address in a constant: tracers of files see it, and bundlers emit the file.
const script = isBase(import.meta.url)
  ? new URL('./shard-worker-node.mjs', import.meta.url)
  : undefined;

const platform: Platform = {
  load,
  own: threadSource((file) => new Worker(file), script),
  cores: availableParallelism,
};

/**
 * An empty index whose vectors will be spread over worker threads, which start now. The WebAssembly
 * is read and compiled once, here. A pool that has nothing to do does not keep the process alive.
 *
 * @throws FewbitsError INVALID_ARGUMENT, OUT_OF_MEMORY; LOAD_FAILED when the WebAssembly cannot be
 *   loaded; WORKER_FAILED when a worker does not start in time
 */
export function createPool(options: PoolOptions): Promise<VectorPool> {
  return create(platform, options);
}

/**
 * The index that a `VectorIndex` or a pool saved, spread over worker threads.
 *
 * @param file its bytes, which must not change before the promise is settled
 * @throws FewbitsError CORRUPT_DATA when the file is damaged in any way; LOAD_FAILED,
 *   WORKER_FAILED, OUT_OF_MEMORY
 */
export function openPool(
  file: ArrayBuffer | ArrayBufferView,
  options?: OpenPoolOptions,
): Promise<VectorPool> {
  return open(platform, file, options);
}
