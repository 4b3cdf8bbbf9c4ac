// load() and loadSync() of the whole package.

import type { CompiledModule } from '../core/platform.js';
import { instantiate, instantiateLater } from '../core/wasm.js';
import type { Open } from './compile.js';
import { Fewbits } from './fewbits.js';
import { type Builds, createLoadOf, type Kind, type LoadOptions, loadSyncOf } from './loader.js';

export { type Builds, type Inside, insideOf, type LoadOptions } from './loader.js';

const WHOLE: Kind<Fewbits> = {
  name: 'fewbits',
  instantiate,
  instantiateLater,
  create: (core) => new Fewbits(core),
};

/**
 * Instantiates a compiled module at once, without a promise: for engines and bundlers that import
 * .wasm files as modules, and for workers that are sent one. Chrome below 115 refuses that in a page,
 * where load() works.
 *
 * @param module one of the package's two builds, compiled
 * @throws FewbitsError LOAD_FAILED when it is not such a build, or one of another version; UNSUPPORTED
 * for the relaxed one where the engine computes wrongly with it
 */
export const loadSync = (module: CompiledModule): Fewbits => loadSyncOf(WHOLE, module);

/** `load` for a platform, which says where the builds are and how to open an address. */
export const createLoad = (
  builds: Builds,
  open: Open,
): ((options?: LoadOptions) => Promise<Fewbits>) => createLoadOf(WHOLE, builds, open);
