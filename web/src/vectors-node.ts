// The door of Node to the index alone.

import { readFile } from 'node:fs/promises';
import { isBase } from './core/address.js';
import { createLoad } from './load/vectors.js';

export * from './load/vectors-entry.js';

// Literal addresses in constants: bundlers and tracers of files see and emit the files then.
const known = isBase(import.meta.url);
const simd128 = known ? new URL('./vectors.simd128.wasm', import.meta.url) : undefined;
const relaxed = known ? new URL('./vectors.relaxed.wasm', import.meta.url) : undefined;

/** Files are read from disk; a string without a scheme is a path. */
async function open(address: URL | string): Promise<Response | Uint8Array> {
  if (/^(https?|data|blob):/.test(String(address))) return fetch(address);
  return readFile(String(address).startsWith('file:') ? new URL(address) : address);
}

/**
 * Loads the index alone: the first call reads and compiles its WebAssembly, all callers share it, a failed
 * call can be repeated. Everything after it is synchronous.
 *
 * @throws FewbitsError LOAD_FAILED, or UNSUPPORTED where the engine has no WebAssembly SIMD
 */
export const load = createLoad({ simd128, relaxed }, open);
