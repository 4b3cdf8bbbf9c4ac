// The script `fewbits/models/worker` for Node: a worker thread of the pool that converts rows.

import { parentPort } from 'node:worker_threads';
import type { WorkerPort } from '../worker/serve.js';
import { serveConverter } from './serve.js';

serveConverter(parentPort as unknown as WorkerPort);
