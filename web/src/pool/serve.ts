// What a worker of the pool answers.

import { FewbitsError } from '../core/errors.js';
import { answerCalls, type WorkerPort } from '../worker/serve.js';
import { Shard } from './shard.js';

/** What a worker of the pool runs. */
export const RUNS = 'fewbits/pool/worker';

/** Makes this thread a shard. */
export function serveShard(port: WorkerPort): void {
  const translate = (error: unknown) =>
    // What engines throw when there is no room for an array; the index takes back what it began.
    error instanceof RangeError ? new FewbitsError('OUT_OF_MEMORY', error.message) : error;
  answerCalls(new Shard(), { runs: RUNS, port, move: true, translate });
}
