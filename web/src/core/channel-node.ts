import type { Worker } from 'node:worker_threads';
import type { Channel } from './channel.js';

/** A channel to a worker thread of Node. */
export function nodeChannel<Request, Answer>(worker: Worker): Channel<Request, Answer> {
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    listen(answered, failed) {
      worker.on('message', (answer: Answer) => answered(answer));
      worker.on('error', failed);
      worker.on('messageerror', failed);
    },
    end: () => void worker.terminate(),
  };
}
