// The value of importing `fewbits/fewbits.simd128.wasm` or `fewbits/fewbits.relaxed.wasm`.

import type { CompiledModule } from '../core/platform.js';

/**
 * A build as the runtime or bundler imports it: the compiled module in Cloudflare Workers, its address with
 * most bundlers. `load({ wasm })` accepts either.
 */
declare const wasm: CompiledModule | string;
export default wasm;
