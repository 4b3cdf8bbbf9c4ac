// The entry `fewbits/rpc`: work off the main thread, as typed calls with progress and cancellation.

import type { Calls } from './client.js';
import { OWN } from './client.js';
import { answerCalls, type WorkerPort } from './serve.js';

export { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
export type { WebWorker, WorkerThread } from './channel.js';
export { type Calls, Client, type ClientOptions } from './client.js';
export type { CallOptions } from './remote.js';
export type { Work, WorkerPort } from './serve.js';

/**
 * Answers the calls of a `Client`, in the script of a worker.
 *
 * @param calls functions with one input each
 * @param port in Node, `parentPort` of `node:worker_threads`
 */
export function serve(calls: Calls, port: WorkerPort = globalThis as unknown as WorkerPort): void {
  answerCalls(calls, { runs: OWN, port });
}
