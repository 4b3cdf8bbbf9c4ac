// Searches an index file without WebAssembly: in this process, in a worker, and in node:vm contexts with only
// the language itself, with or without text decoding. Prints the results of each.

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

function shown({ openIndex }, query) {
  const index = openIndex(readFileSync(path));
  const { ids, scores } = index.search(query, { k: 3 });
  const [first] = index.ids();
  return { ids: ids.map(String), scores: Array.from(scores), first };
}

async function alone() {
  return shown(await import('fewbits/reader'), vm.runInThisContext(`{${QUERY}}`));
}

/** A TextDecoder like that of some polyfills. */
class Lenient {
  constructor(_label, options) {
    if (options?.fatal) throw new TypeError('the option fatal is not supported');
  }
}

/** Links the modules of the package into a context that has nothing of Node or the web except what is given. */
async function inContext(given) {
  const context = vm.createContext(given);
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
  return shown(entry.namespace, vm.runInContext(`{${QUERY}}`, context));
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: path });
  const answer = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const results = {
    alone: await alone(),
    bare: await inContext({}),
    lenient: await inContext({ TextDecoder: Lenient }),
    strict: await inContext({ TextDecoder }),
    worker: answer,
  };
  process.stdout.write(JSON.stringify(results));
} else {
  parentPort.postMessage(await alone());
}
