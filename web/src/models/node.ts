// The entry `fewbits/models` for Node.

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

/** Settings of a pool of converting worker threads. */
export type ConverterPoolOptions = ConverterPoolSettings<WorkerThread>;

/**
 * The most threads by default. A thread takes 10 MB on Node 20 and 13 MB on Node 24, nearly all of it for V8:
 * this many fit into 300 MB with the rest.
 */
const MOST_WORKERS = 12;

// A literal address in a constant, so that bundlers and file tracers find the file and include it.
const script = isBase(import.meta.url) ? new URL('./worker-node.mjs', import.meta.url) : undefined;

const platform: Platform = {
  load,
  own: threadSource(startWorker, script),
  workers: () => Math.min(availableParallelism(), MOST_WORKERS),
};

/**
 * Creates a pool of worker threads that convert rows. Threads start when there is work for them. An idle pool
 * does not keep the process alive.
 *
 * @throws FewbitsError INVALID_ARGUMENT; conversions are rejected with LOAD_FAILED when the WebAssembly
 *   cannot be loaded, and with WORKER_FAILED when a worker does not start in time or ends
 */
export function createConverterPool(options?: ConverterPoolOptions): ConverterPool {
  return createPool(platform, options);
}

/** Starts a thread with a small heap: converting rows needs little of V8's default. */
function startWorker(file: URL): Worker {
  return new Worker(file, {
    // A flag for source code on the command line, which Node refuses for files.
    ...(process.execArgv.some((flag) => flag.startsWith('--input-type')) && { execArgv: [] }),
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 },
  });
}
