// A worker of the pool in Node. It is sent the compiled module, and loads no family but the one it needs: workers are
// many, and each has a heap of its own.

import { parentPort, workerData } from 'node:worker_threads';
import { Core } from '../core/core.js';
import type { CompiledModule } from '../core/platform.js';
import { instantiate } from '../core/wasm.js';
import { createGgml } from '../families/ggml.js';
import { createAnswerer, type Request } from './pool.js';

async function load() {
  const core = new Core(instantiate(workerData as CompiledModule));
  const { memory } = core;
  return {
    ggml: createGgml(core),
    get memoryBytes() {
      return memory.byteLength;
    },
  };
}

const answer = createAnswerer(load, (reply, transfer) => parentPort?.postMessage(reply, transfer));
parentPort?.on('message', (request: Request) => void answer(request));
