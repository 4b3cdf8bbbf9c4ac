// The WebAssembly for entries that need only an index: the index-only build, or the one that callers pass,
// which may be of the whole package.

import { isWhole } from '../core/build.js';
import type { Open } from './compile.js';
import { createLoadOf, type Kind, type LoadOptions } from './loader.js';
import { type FewbitsVectors, VECTORS } from './vectors.js';

const EITHER: Kind<FewbitsVectors> = {
  ...VECTORS,
  async instantiateLater(module) {
    if (!isWhole(module)) return VECTORS.instantiateLater(module);
    // Its scripts are not needed if the package chooses the build.
    const { instantiateLater } = await import('../core/wasm.js');
    return instantiateLater(module);
  },
};

/** @param load the index-only load(), used if no `wasm` is passed */
export function createLoadEither(
  load: (options?: LoadOptions) => Promise<FewbitsVectors>,
  open: Open,
): (options: LoadOptions) => Promise<FewbitsVectors> {
  const loadGiven = createLoadOf(EITHER, { simd128: undefined, relaxed: undefined }, open);
  return (options) => (options.wasm === undefined ? load(options) : loadGiven(options));
}
