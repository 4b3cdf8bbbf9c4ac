// The script `fewbits/models/worker` for browsers: a worker of the pool that converts rows.

import type { WorkerPort } from '../worker/serve.js';
import { serveConverter } from './serve.js';

serveConverter(globalThis as unknown as WorkerPort);
