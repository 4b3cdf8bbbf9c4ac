// The index-only entry for browsers, bundlers and workers.

import { isBase } from './core/address.js';
import { createLoad } from './load/vectors.js';

export * from './load/vectors-entry.js';

// Literal addresses in constants, so that bundlers and file tracers find the files and include them.
const known = isBase(import.meta.url);
const simd128 = known ? new URL('./vectors.simd128.wasm', import.meta.url) : undefined;
const relaxed = known ? new URL('./vectors.relaxed.wasm', import.meta.url) : undefined;

/**
 * Loads only the index. The first call fetches and compiles its WebAssembly, all callers share the result,
 * and a failed call can be repeated. Everything after it is synchronous.
 *
 * @throws FewbitsError LOAD_FAILED, or UNSUPPORTED where the engine has no WebAssembly SIMD
 */
export const load = createLoad({ simd128, relaxed }, (address) => fetch(address));
