// The entry `fewbits/models` for browsers.

import { load } from '../index.js';
import type { WebWorker } from '../worker/channel.js';
import { webSource } from '../worker/own.js';
import {
  type ConverterPool,
  type ConverterPoolSettings,
  createPool,
  type Platform,
} from './pool.js';

export type { WebWorker } from '../worker/channel.js';
export * from './entry.js';

/** Settings of a pool of converting workers. */
export type ConverterPoolOptions = ConverterPoolSettings<WebWorker>;

const platform: Platform = {
  load,
  own: webSource(
    (Worker) => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
    import.meta.url,
  ),
  workers: () => globalThis.navigator?.hardwareConcurrency || 1,
};

/**
 * Creates a pool of workers that convert rows. Workers start when there is work for them.
 *
 * @throws FewbitsError INVALID_ARGUMENT; conversions are rejected with LOAD_FAILED when the WebAssembly
 *   cannot be loaded, and with WORKER_FAILED when a worker does not start in time or ends
 */
export function createConverterPool(options?: ConverterPoolOptions): ConverterPool {
  return createPool(platform, options);
}
