// A worker of the pool in Node.

import { parentPort } from 'node:worker_threads';
import { load } from '../node.js';
import { createAnswerer, type Request } from './pool.js';

const answer = createAnswerer(load, (reply, transfer) => parentPort?.postMessage(reply, transfer));
parentPort?.on('message', (request: Request) => void answer(request));
