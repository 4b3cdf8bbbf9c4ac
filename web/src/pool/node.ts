// The entry `fewbits/pool` for Node.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { isBase } from '../core/address.js';
import { createLoadEither } from '../load/either.js';
import { open as openAddress } from '../load/open-node.js';
import type { IndexOptions } from '../vectors/arguments.js';
import { load } from '../vectors-node.js';
import type { WorkerThread } from '../worker/channel.js';
import { threadSource } from '../worker/own.js';
import { create, open, type Platform } from './create.js';
import type { PoolSettings } from './options.js';
import type { VectorPool } from './pool.js';

export type { WorkerThread } from '../worker/channel.js';
export * from './entry.js';

/** Settings of a pool. */
export type OpenPoolOptions = PoolSettings<WorkerThread>;

/** Settings of a pool and its index. */
export type PoolOptions = IndexOptions & OpenPoolOptions;

// A literal address in a constant, so that bundlers and file tracers find the file and include it.
const script = isBase(import.meta.url)
  ? new URL('./shard-worker-node.mjs', import.meta.url)
  : undefined;

const platform: Platform = {
  load: createLoadEither(load, openAddress),
  own: threadSource((file) => new Worker(file), script),
  cores: availableParallelism,
};

/**
 * Creates an empty index whose vectors are spread over worker threads, which start now. The WebAssembly is
 * read and compiled once, here. An idle pool does not keep the process alive.
 *
 * @throws FewbitsError INVALID_ARGUMENT, OUT_OF_MEMORY; LOAD_FAILED when the WebAssembly cannot be loaded;
 *   WORKER_FAILED when a worker does not start in time
 */
export function createPool(options: PoolOptions): Promise<VectorPool> {
  return create(platform, options);
}

/**
 * Opens an index that a `VectorIndex` or a pool saved, spread over worker threads.
 *
 * @param file its bytes, which must not change before the promise is settled
 * @throws FewbitsError CORRUPT_DATA when the file is damaged in any way; LOAD_FAILED, WORKER_FAILED,
 *   OUT_OF_MEMORY
 */
export function openPool(
  file: ArrayBuffer | ArrayBufferView,
  options?: OpenPoolOptions,
): Promise<VectorPool> {
  return open(platform, file, options);
}
