// The WebAssembly of what only needs an index: that of the index alone, or what callers hand over, which may be
// that of the whole package.

import { isWhole } from '../core/build.js';
import type { Open } from './compile.js';
import { createLoadOf, type Kind, type LoadOptions } from './loader.js';
import { type FewbitsVectors, VECTORS } from './vectors.js';

const EITHER: Kind<FewbitsVectors> = {
  ...VECTORS,
  async instantiateLater(module) {
    if (!isWhole(module)) return VECTORS.instantiateLater(module);
    // Its scripts are of no use to those who leave the choice to the package.
    const { instantiateLater } = await import('../core/wasm.js');
    return instantiateLater(module);
  },
};

/** @param load that of the index alone, which is asked where no `wasm` is given */
export function createLoadEither(
  load: (options?: LoadOptions) => Promise<FewbitsVectors>,
  open: Open,
): (options: LoadOptions) => Promise<FewbitsVectors> {
  const loadGiven = createLoadOf(EITHER, { simd128: undefined, relaxed: undefined }, open);
  return (options) => (options.wasm === undefined ? load(options) : loadGiven(options));
}
