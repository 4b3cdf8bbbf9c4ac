// The script `fewbits/pool/worker` for Node: a worker thread of the pool.

import { parentPort } from 'node:worker_threads';
import type { WorkerPort } from '../worker/serve.js';
import { serveShard } from './serve.js';

serveShard(parentPort as unknown as WorkerPort);
