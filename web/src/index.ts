// The door of browsers, bundlers and workers.

import { createLoad } from './load/load.js';

export * from './load/entry.js';

/**
 * Loads fewbits: the first call fetches and compiles the WebAssembly, all callers share it, a
 * failed call can be repeated. Everything after it is synchronous.
 *
 * @throws FewbitsError LOAD_FAILED, or UNSUPPORTED where the engine has no WebAssembly SIMD
 */
export const load = createLoad(
  {
    // Literal addresses, so that bundlers see and emit the files.
    simd128: () => new URL('./fewbits.simd128.wasm', import.meta.url),
    relaxed: () => new URL('./fewbits.relaxed.wasm', import.meta.url),
  },
  (address) => fetch(address),
);
