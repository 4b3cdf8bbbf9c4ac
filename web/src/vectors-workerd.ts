// The door of Cloudflare Workers to the index alone, where WebAssembly is imported as a module and nothing else is compiled.

import type { CompiledModule } from './core/platform.js';
import { createLoad } from './load/vectors.js';
import simd128 from './vectors.simd128.wasm';

export * from './load/vectors-entry.js';

/**
 * Loads the index alone from the module that was imported: the first call makes an instance, all callers share
 * it, a failed call can be repeated. Everything after it is synchronous.
 *
 * @throws FewbitsError LOAD_FAILED, or UNSUPPORTED for the relaxed build, which cannot be tried here
 */
export const load = createLoad(
  { simd128: simd128 as CompiledModule, relaxed: undefined },
  (address) => fetch(address),
);
