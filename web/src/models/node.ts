// `fewbits/models` in Node.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { load } from '../node.js';
import type { WorkerThread } from '../worker/channel.js';
import {
  type ConverterPool,
  type ConverterPoolSettings,
  createPool,
  type Platform,
} from './pool.js';

export type { WorkerThread } from '../worker/channel.js';
export * from './entry.js';

/** How a pool of converting worker threads runs. */
export type ConverterPoolOptions = ConverterPoolSettings<WorkerThread>;

/** A thread costs 10 MB on Node 20 and 13 MB on Node 24, nearly all of it V8's: as many as fit into 300 MB with the rest. */
const MOST_WORKERS = 12;

const platform: Platform = {
  load,
  own: {
    create: startWorker,
    get address() {
      return new URL('./worker-node.js', import.meta.url).href;
    },
  },
  workers: () => Math.min(availableParallelism(), MOST_WORKERS),
};

/**
 * A pool of worker threads that convert rows, started when there is work for them. A pool that has nothing to do does
 * not keep the process alive.
 *
 * @throws FewbitsError INVALID_ARGUMENT; conversions are rejected with LOAD_FAILED when the WebAssembly cannot be
 *   loaded, and with WORKER_FAILED when a worker does not start in time or ends
 */
export function createConverterPool(options?: ConverterPoolOptions): ConverterPool {
  return createPool(platform, options);
}

/** Of the heap that V8 gives a thread by default, converting rows needs little. */
function startWorker(): Worker {
  return new Worker(new URL('./worker-node.js', import.meta.url), {
    // A flag for source on the command line, which Node refuses for files.
    ...(process.execArgv.some((flag) => flag.startsWith('--input-type')) && { execArgv: [] }),
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 },
  });
}
