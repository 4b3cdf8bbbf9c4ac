// A worker of the pool in browsers.

import { load } from '../index.js';
import { answer, type Request } from './pool.js';

const scope = globalThis as unknown as Worker;
scope.onmessage = async ({ data }: MessageEvent<Request>) => {
  const reply = await answer(load, data);
  scope.postMessage(reply, 'bytes' in reply ? [reply.bytes.buffer as ArrayBuffer] : []);
};
