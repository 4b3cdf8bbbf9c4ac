// `fewbits/models` in Node.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { isBase } from '../core/address.js';
import { load } from '../node.js';
import type { WorkerThread } from '../worker/channel.js';
import { threadSource } from '../worker/own.js';
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

// A literal address in a constant: tracers of files see it, and bundlers emit the file.
const script = isBase(import.meta.url) ? new URL('./worker-node.mjs', import.meta.url) : undefined;

const platform: Platform = {
  load,
  own: threadSource(startWorker, script),
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
function startWorker(file: URL): Worker {
  return new Worker(file, {
    // A flag for source on the command line, which Node refuses for files.
    ...(process.execArgv.some((flag) => flag.startsWith('--input-type')) && { execArgv: [] }),
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 },
  });
}
