// load() and loadSync() of the index alone, with a WebAssembly of its own.

import type { Core, Variant } from '../core/core.js';
import { Opaque } from '../core/opaque.js';
import { instantiate, instantiateLater } from '../core/plain.js';
import type { CompiledModule } from '../core/platform.js';
import { createVectors, type Vectors } from '../vectors/create.js';
import type { Open } from './compile.js';
import { type Builds, createLoadOf, type Kind, type LoadOptions, loadSyncOf } from './loader.js';

/** What `load()` of `fewbits/vectors` gives: of the whole library what indexes need. */
export class FewbitsVectors extends Opaque {
  /** Which of the two WebAssembly builds runs. */
  readonly variant: Variant;
  readonly createIndex: Vectors['createIndex'];
  readonly openIndex: Vectors['openIndex'];
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    super('FewbitsVectors', 'call load() there, or send the compiled module and call loadSync()');
    this.#core = core;
    this.variant = core.variant;
    ({ createIndex: this.createIndex, openIndex: this.openIndex } = createVectors(core));
  }

  /** Bytes of WebAssembly memory in existence: what the library and its indexes hold. */
  get memoryBytes(): number {
    return this.#core.memory.byteLength;
  }
}

const VECTORS: Kind<FewbitsVectors> = {
  name: 'vectors',
  instantiate,
  instantiateLater,
  create: (core) => new FewbitsVectors(core),
};

/**
 * Instantiates a compiled module at once, without a promise, as loadSync() of `fewbits` does.
 *
 * @param module fewbits/vectors.simd128.wasm or fewbits/vectors.relaxed.wasm, compiled
 * @throws FewbitsError LOAD_FAILED when it is not such a build, or one of another version; UNSUPPORTED
 * for the relaxed one where the engine computes wrongly with it
 */
export const loadSync = (module: CompiledModule): FewbitsVectors => loadSyncOf(VECTORS, module);

/** `load` for a platform, which says where the builds are and how to open an address. */
export const createLoad = (
  builds: Builds,
  open: Open,
): ((options?: LoadOptions) => Promise<FewbitsVectors>) => createLoadOf(VECTORS, builds, open);
