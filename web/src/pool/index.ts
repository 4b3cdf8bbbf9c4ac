// The entry `fewbits/pool` for browsers.

import { createLoadEither } from '../load/either.js';
import type { IndexOptions } from '../vectors/arguments.js';
import { load } from '../vectors.js';
import type { WebWorker } from '../worker/channel.js';
import { webSource } from '../worker/own.js';
import { create, open, type Platform } from './create.js';
import type { PoolSettings } from './options.js';
import type { VectorPool } from './pool.js';

export type { WebWorker } from '../worker/channel.js';
export * from './entry.js';

/** Settings of a pool. */
export type OpenPoolOptions = PoolSettings<WebWorker>;

/** Settings of a pool and its index. */
export type PoolOptions = IndexOptions & OpenPoolOptions;

const platform: Platform = {
  load: createLoadEither(load, (address) => fetch(address)),
  own: webSource(
    (Worker) => new Worker(new URL('./shard-worker.js', import.meta.url), { type: 'module' }),
    import.meta.url,
  ),
  cores: () => globalThis.navigator?.hardwareConcurrency || 1,
};

/**
 * Creates an empty index whose vectors are spread over workers, which start now. The WebAssembly is fetched
 * and compiled once, here.
 *
 * @throws FewbitsError INVALID_ARGUMENT, OUT_OF_MEMORY; LOAD_FAILED when the WebAssembly cannot be loaded;
 *   WORKER_FAILED when a worker does not start in time
 */
export function createPool(options: PoolOptions): Promise<VectorPool> {
  return create(platform, options);
}

/**
 * Opens an index that a `VectorIndex` or a pool saved, spread over workers.
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
