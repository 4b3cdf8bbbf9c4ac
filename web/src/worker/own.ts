// The package's own workers: the address of their script, and starting one from another origin.

import { isBase } from '../core/address.js';
import type { Source } from './start.js';

/** `Worker`, or a class that replaces it. */
type WorkerClass = new (address: URL, options: WorkerOptions) => unknown;

/** Blob scripts that import those of other origins, by address; there are few, and they are kept. */
const importers = new Map<string, string>();

/**
 * A Worker class that also starts scripts of another origin, such as a CDN, which browsers refuse to run: a
 * Blob script of this origin imports it. The script must be a single file, since its own imports would need
 * permission too.
 */
const AnyOrigin = function AnyOrigin(address: URL, options: WorkerOptions) {
  // Turbopack and webpack may give addresses relative to the page; that of a Blob cannot be a base.
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

/** The message where a script has no address from which to derive that of its worker. */
const NO_ADDRESS =
  'this script has no address (import.meta.url is empty in bundles of CommonJS, single executables and ' +
  'edge functions), and so its worker has none: pass createWorker';

/**
 * The source of workers in browsers, from a function that creates one with the given class: bundlers look for
 * `new Worker(new URL('...', import.meta.url))`, and insert their own address there.
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

/** The source of Node threads; `script` is the address of their script, if there is one. */
export function threadSource(create: (script: URL) => unknown, script: URL | undefined): Source {
  return {
    create() {
      if (script === undefined) throw new Error(NO_ADDRESS);
      return create(script);
    },
    address: script?.href ?? '',
  };
}
