// The script `fewbits/pool/worker` for browsers: a worker of the pool.

import type { WorkerPort } from '../worker/serve.js';
import { serveShard } from './serve.js';

serveShard(globalThis as unknown as WorkerPort);
