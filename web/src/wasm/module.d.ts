// What `fewbits/fewbits.simd128.wasm` and `fewbits/fewbits.relaxed.wasm` are in an import.

import type { CompiledModule } from '../core/platform.js';

/**
 * A build as the runtime or bundler at hand imports it: the compiled module in Cloudflare Workers, its
 * address with most bundlers. `load({ wasm })` takes either.
 */
declare const wasm: CompiledModule | string;
export default wasm;
