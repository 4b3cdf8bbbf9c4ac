// The calls that a worker of the pool answers.

import { FewbitsError } from '../core/errors.js';
import { answerCalls, type WorkerPort } from '../worker/serve.js';
import { Shard } from './shard.js';

/** The script that workers of the pool run, for messages. */
export const RUNS = 'fewbits/pool/worker';

/** Makes this thread serve a shard. */
export function serveShard(port: WorkerPort): void {
  const translate = (error: unknown) =>
    // Engines throw RangeError when memory for an array runs out; the index undoes what it began.
    error instanceof RangeError ? new FewbitsError('OUT_OF_MEMORY', error.message) : error;
  answerCalls(new Shard(), { runs: RUNS, port, move: true, translate });
}
