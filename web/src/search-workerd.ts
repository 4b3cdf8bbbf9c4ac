// The entry of Cloudflare Workers for searching alone, where WebAssembly is imported as a module and cannot be
// compiled.

import type { CompiledModule } from './core/platform.js';
import { createLoad } from './load/search.js';
import simd128 from './search.simd128.wasm';

export * from './load/search-entry.js';

/**
 * Loads what searches an index from the imported module. The first call instantiates it, all callers share the
 * instance, and a failed call can be repeated. Everything after it is synchronous.
 *
 * @throws FewbitsError LOAD_FAILED, or UNSUPPORTED for the relaxed build, which cannot be tested here
 */
export const load = createLoad(
  { simd128: simd128 as CompiledModule, relaxed: undefined },
  (address) => fetch(address),
);
