// A worker of the pool in Node.

import { parentPort } from 'node:worker_threads';
import { createAnswerer, type Request } from './messages.js';

const answer = createAnswerer((reply, transfer) => parentPort?.postMessage(reply, transfer));
parentPort?.on('message', (request: Request) => answer(request));
