// A worker of the pool in Node.

import { parentPort } from 'node:worker_threads';
import { load } from '../node.js';
import { answer, type Request } from './pool.js';

parentPort?.on('message', async (request: Request) => {
  const reply = await answer(load, request);
  parentPort?.postMessage(reply, 'bytes' in reply ? [reply.bytes.buffer as ArrayBuffer] : []);
});
