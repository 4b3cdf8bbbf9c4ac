// `fewbits/models` in browsers.

import { type WebWorker, webChannel } from '../worker/channel.js';
import { type ConverterPool, createPool } from './pool.js';

export type { WebWorker } from '../worker/channel.js';
export * from './entry.js';

export interface PoolOptions {
  /** How many workers; by default as many as the machine has cores for. */
  size?: number;
  /** Starts a worker, where a bundler does not find it by itself: it runs `fewbits/models/worker`. */
  createWorker?: () => WebWorker;
}

/** A pool of workers that convert rows. Close it when done. */
export function createConverterPool(options: PoolOptions = {}): ConverterPool {
  const { size = navigator.hardwareConcurrency || 1 } = options;
  const create =
    options.createWorker ??
    (() => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }) as WebWorker);
  return createPool(() => webChannel(create()), size);
}
