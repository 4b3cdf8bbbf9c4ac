// A worker of the pool in browsers.

import { load } from '../index.js';
import { createAnswerer, type Request } from './pool.js';

const scope = globalThis as unknown as Worker;
const answer = createAnswerer(load, (reply, transfer) => scope.postMessage(reply, transfer));
scope.onmessage = ({ data }: MessageEvent<Request>) => void answer(data);
