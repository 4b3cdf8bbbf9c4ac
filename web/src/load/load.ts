// load() and loadSync() of the whole package.

import { oneOf, options } from '../core/arguments.js';
import type { CompiledModule } from '../core/platform.js';
import { instantiate, instantiateLater } from '../core/wasm.js';
import { isModule, type Open } from './compile.js';
import { Fewbits } from './fewbits.js';
import {
  type LoadOptions as BuildOptions,
  type Builds,
  createLoadOf,
  type Kind,
  loadSyncOf,
} from './loader.js';
import { compiles } from './support.js';

export { type Builds, type Inside, insideOf } from './loader.js';

export interface LoadOptions extends BuildOptions {
  /**
   * The behaviour where there is no WebAssembly with SIMD, or a policy forbids it: 'js' loads a library that
   * opens and searches indexes in plain JavaScript, like `fewbits/reader`, and whose `variant` is 'js';
   * everything else in it throws UNSUPPORTED. Default: load() fails.
   */
  fallback?: 'js' | undefined;
}

const WHOLE: Kind<Fewbits> = {
  name: 'fewbits',
  instantiate,
  instantiateLater,
  create: (core) => new Fewbits(core),
};

/**
 * Instantiates a compiled module synchronously: for engines and bundlers that import .wasm files as modules,
 * and for workers that receive one. Chrome below 115 refuses this in a page; load() works there.
 *
 * @param module one of the package's two builds, compiled
 * @throws FewbitsError LOAD_FAILED when it is not such a build, or one of another version; UNSUPPORTED for
 *   the relaxed build where the engine computes wrong results with it
 */
export const loadSync = (module: CompiledModule): Fewbits => loadSyncOf(WHOLE, module);

/** Creates `load` for a platform, from the places of its builds and a function that opens addresses. */
export function createLoad(
  builds: Builds,
  open: Open,
): (options?: LoadOptions) => Promise<Fewbits> {
  const load = createLoadOf(WHOLE, builds, open);
  return async (given) => {
    const { fallback, ...o } = options<LoadOptions>('options', given, [
      ...['variant', 'wasm', 'fallback'],
    ]);
    if (fallback !== undefined) oneOf('fallback', fallback, ['js']);
    // A module that is already compiled needs no permission to compile.
    if (fallback === undefined || isModule(o.wasm ?? builds.simd128) || compiles()) return load(o);
    return (await import('./fallback.js')).searchOnly;
  };
}
