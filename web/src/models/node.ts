import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { nodeChannel } from '../core/channel-node.js';
import { type ConverterPool, createPool } from './pool.js';

export * from './entry.js';

export interface PoolOptions {
  /** How many workers; by default as many as the machine has cores for. */
  size?: number;
}

/** A pool of worker threads that convert rows. Close it when done: until then they keep the process alive. */
export function createConverterPool(options: PoolOptions = {}): ConverterPool {
  const { size = availableParallelism() } = options;
  return createPool(
    () => nodeChannel(new Worker(new URL('./worker-node.js', import.meta.url))),
    size,
  );
}
