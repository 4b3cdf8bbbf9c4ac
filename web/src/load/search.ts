// load() and loadSync() of what searches an index, with a WebAssembly of its own.

import type { Core, Variant } from '../core/core.js';
import { Opaque } from '../core/opaque.js';
import { instantiatePlain, instantiatePlainLater } from '../core/plain.js';
import type { CompiledModule } from '../core/platform.js';
import { createSearch, type Search } from '../search/create.js';
import { SEARCH_BUILD } from '../vectors/builds.js';
import type { Open } from './compile.js';
import { type Builds, createLoadOf, type Kind, type LoadOptions, loadSyncOf } from './loader.js';

/** The result of `load()` of `fewbits/search`: indexes are opened and searched. */
export class FewbitsSearch extends Opaque {
  /** Which of the two WebAssembly builds runs. */
  readonly variant: Variant;
  readonly openIndex: Search['openIndex'];
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    super('FewbitsSearch', 'call load() there, or send the compiled module and call loadSync()');
    this.#core = core;
    this.variant = core.variant;
    ({ openIndex: this.openIndex } = createSearch(core));
  }

  /** Bytes of WebAssembly memory in existence: what the library and its indexes hold. */
  get memoryBytes(): number {
    return this.#core.memory.byteLength;
  }
}

const SEARCH: Kind<FewbitsSearch> = {
  name: SEARCH_BUILD.name,
  instantiate: (compiled) => instantiatePlain(SEARCH_BUILD, compiled),
  instantiateLater: (compiled) => instantiatePlainLater(SEARCH_BUILD, compiled),
  create: (core) => new FewbitsSearch(core),
};

/**
 * Instantiates a compiled module at once, without a promise, as loadSync() of `fewbits` does.
 *
 * @param module fewbits/search.simd128.wasm or fewbits/search.relaxed.wasm, compiled
 * @throws FewbitsError LOAD_FAILED when it is not such a build, or one of another version; UNSUPPORTED
 * for the relaxed one where the engine computes wrongly with it
 */
export const loadSync = (module: CompiledModule): FewbitsSearch => loadSyncOf(SEARCH, module);

/** `load` for a platform, which provides the addresses of the builds and opens addresses. */
export const createLoad = (
  builds: Builds,
  open: Open,
): ((options?: LoadOptions) => Promise<FewbitsSearch>) => createLoadOf(SEARCH, builds, open);
