// `fewbits/models` in Node.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { CompiledModule } from '../core/platform.js';
import { insideOf } from '../load/load.js';
import { load } from '../node.js';
import { nodeChannel } from '../worker/channel-node.js';
import { type ConverterPool, createPool } from './pool.js';

export * from './entry.js';

export interface PoolOptions {
  /** How many workers at most; by default as many as the machine has cores for, but not more than 12. */
  size?: number;
}

/** A thread costs 10 MB on Node 20 and 13 MB on Node 24, nearly all of it V8's: as many as fit into 300 MB with the rest. */
const mostWorkers = 12;

/**
 * A pool of worker threads that convert rows, started when there is work for them. Close it when done: until then they
 * keep the process alive.
 */
export function createConverterPool(options: PoolOptions = {}): ConverterPool {
  const { size = Math.min(availableParallelism(), mostWorkers) } = options;
  return createPool(async () => nodeChannel(startWorker(insideOf(await load()).module)), size);
}

/** Compiled once for all; of the heap that V8 gives a thread by default, converting rows needs little. */
function startWorker(module: CompiledModule): Worker {
  return new Worker(new URL('./worker-node.js', import.meta.url), {
    workerData: module,
    // A flag for source on the command line, which Node refuses for files.
    ...(process.execArgv.some((flag) => flag.startsWith('--input-type')) && { execArgv: [] }),
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 },
  });
}
