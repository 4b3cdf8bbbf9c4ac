// The entry of Node for searching alone.

import { isBase } from './core/address.js';
import { open } from './load/open-node.js';
import { createLoad } from './load/search.js';

export * from './load/search-entry.js';

// Literal addresses in constants, so that bundlers and file tracers find the files and include them.
const known = isBase(import.meta.url);
const simd128 = known ? new URL('./search.simd128.wasm', import.meta.url) : undefined;
const relaxed = known ? new URL('./search.relaxed.wasm', import.meta.url) : undefined;

/**
 * Loads what searches an index. The first call reads and compiles its WebAssembly, all callers share the result, and
 * a failed call can be repeated. Everything after it is synchronous.
 *
 * @throws FewbitsError LOAD_FAILED, or UNSUPPORTED where the engine has no WebAssembly SIMD
 */
export const load = createLoad({ simd128, relaxed }, open);
