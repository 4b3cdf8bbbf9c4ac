// load() and loadSync() of the index-only library, which has its own WebAssembly build.

import type { Core, Variant } from '../core/core.js';
import { Opaque } from '../core/opaque.js';
import { instantiatePlain, instantiatePlainLater } from '../core/plain.js';
import type { CompiledModule } from '../core/platform.js';
import { VECTORS_BUILD } from '../vectors/builds.js';
import { createVectors, type Vectors } from '../vectors/create.js';
import type { Open } from './compile.js';
import { type Builds, createLoadOf, type Kind, type LoadOptions, loadSyncOf } from './loader.js';

/** The library of `fewbits/vectors`: the part that creates and opens indexes. */
export class FewbitsVectors extends Opaque {
  /** The WebAssembly variant that runs. */
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

  /** Bytes of WebAssembly memory that the library and its indexes hold. */
  get memoryBytes(): number {
    return this.#core.memory.byteLength;
  }
}

/** The index-only build. */
export const VECTORS: Kind<FewbitsVectors> = {
  name: VECTORS_BUILD.name,
  instantiate: (compiled) => instantiatePlain(VECTORS_BUILD, compiled),
  instantiateLater: (compiled) => instantiatePlainLater(VECTORS_BUILD, compiled),
  create: (core) => new FewbitsVectors(core),
};

/**
 * Instantiates a compiled module synchronously, like loadSync() of `fewbits`.
 *
 * @param module fewbits/vectors.simd128.wasm or fewbits/vectors.relaxed.wasm, compiled
 * @throws FewbitsError LOAD_FAILED when it is not such a build, or one of another version; UNSUPPORTED for
 *   the relaxed build where the engine computes wrong results with it
 */
export const loadSync = (module: CompiledModule): FewbitsVectors => loadSyncOf(VECTORS, module);

/** Creates `load` for a platform, from the places of its builds and a function that opens addresses. */
export const createLoad = (
  builds: Builds,
  open: Open,
): ((options?: LoadOptions) => Promise<FewbitsVectors>) => createLoadOf(VECTORS, builds, open);
