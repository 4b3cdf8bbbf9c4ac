// Workers of the package's own: where their script is, and how one of another origin is started.

import { isBase } from '../core/address.js';
import type { Source } from './start.js';

/** `Worker`, or what is called in its place. */
type WorkerClass = new (address: URL, options: WorkerOptions) => unknown;

/** Scripts that import those of other origins, by their addresses; there are few, and they are kept. */
const importers = new Map<string, string>();

/**
 * As `Worker`, also for a script of another origin, such as a CDN's, which browsers refuse to run:
 * a script of this origin, a Blob, imports it. It must be one file, for its imports would have to be
 * allowed as well.
 */
const AnyOrigin = function AnyOrigin(address: URL, options: WorkerOptions) {
  // Turbopack and webpack can have addresses that are relative to the page; a Blob's can be no base.
  const here = globalThis.location as Location | undefined;
  const base = here?.protocol === 'blob:' ? here.origin : here?.href;
  const { href, protocol, origin } = new URL(String(address), base);
  if (!/^https?:$/.test(protocol) || origin === here?.origin) {
    return new Worker(href, options);
  }
  let importer = importers.get(href);
  if (importer === undefined) {
    // Policies treat a dynamic import as a script, but a static import as a worker.
    const text = `await import(${JSON.stringify(href)});`;
    importer = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
    importers.set(href, importer);
  }
  return new Worker(importer, options);
} as unknown as WorkerClass;

/** What is said where a script has no address from which that of its worker could be told. */
const NO_ADDRESS =
  'this script has no address (import.meta.url is empty in bundles of CommonJS, single executables and ' +
  'edge functions), and so its worker has none: pass createWorker';

/**
 * Workers of browsers, by a function that makes one with the class that it is given: bundlers want to
 * see `new Worker(new URL('...', import.meta.url))`, and write an address of their own there.
 *
 * @param base `import.meta.url` of the caller
 */
export function webSource(create: (Worker: WorkerClass) => unknown, base: string): Source {
  return {
    create() {
      if (!isBase(base)) throw new Error(NO_ADDRESS);
      return create(AnyOrigin);
    },
    get address() {
      let found = '';
      const look = function look(address: URL) {
        found = String(address);
      };
      if (isBase(base)) create(look as unknown as WorkerClass);
      return found;
    },
  };
}

/** Threads of Node, whose script is at `script` if anywhere. */
export function threadSource(create: (script: URL) => unknown, script: URL | undefined): Source {
  return {
    create() {
      if (script === undefined) throw new Error(NO_ADDRESS);
      return create(script);
    },
    address: script?.href ?? '',
  };
}
