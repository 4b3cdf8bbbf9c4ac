// Searches an index file without WebAssembly: in this process, in a worker, and in a node:vm context with
// only the language itself. Prints the results of each.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

delete globalThis.WebAssembly;

const path = isMainThread ? process.argv[2] : workerData;

/** The same numbers as noise() in builds.ts. */
const QUERY = `let state = 1;
Float32Array.from({ length: 12 }, () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
})`;

const shown = ({ ids, scores }) => ({ ids: ids.map(String), scores: Array.from(scores) });

async function alone() {
  const { openIndex } = await import('fewbits/reader');
  const query = vm.runInThisContext(`{${QUERY}}`);
  return shown(openIndex(readFileSync(path)).search(query, { k: 3 }));
}

/**
 * Links the modules of the package into a context that has nothing of Node or the web except text decoding.
 */
async function inContext() {
  const context = vm.createContext({ TextDecoder });
  const modules = new Map();
  const moduleAt = (address) => {
    if (!modules.has(address)) {
      const source = readFileSync(fileURLToPath(address), 'utf8');
      modules.set(address, new vm.SourceTextModule(source, { context, identifier: address }));
    }
    return modules.get(address);
  };
  const entry = moduleAt(import.meta.resolve('fewbits/reader'));
  await entry.link((name, from) => moduleAt(new URL(name, from.identifier).href));
  await entry.evaluate();
  const query = vm.runInContext(`{${QUERY}}`, context);
  return shown(entry.namespace.openIndex(readFileSync(path)).search(query, { k: 3 }));
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: path });
  const answer = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const results = { alone: await alone(), context: await inContext(), worker: answer };
  process.stdout.write(JSON.stringify(results));
} else {
  parentPort.postMessage(await alone());
}
