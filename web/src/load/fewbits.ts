// The loaded library: one property per family.

import type { Core, Variant } from '../core/core.js';
import { Opaque } from '../core/opaque.js';
import { type Bits, createBits } from '../families/bits.js';
import { type CompareFunction, createCompare } from '../families/compare.js';
import { createDistributional } from '../families/distributional/index.js';
import type { Distributional } from '../families/distributional/types.js';
import { createFloats, type Floats } from '../families/floats.js';
import { createGgml } from '../families/ggml/index.js';
import type { Ggml } from '../families/ggml/types.js';
import { createInt4, type Int4 } from '../families/int4.js';
import { createKquant, type Kquant } from '../families/kquant.js';
import { createLinear } from '../families/linear/index.js';
import type { Linear } from '../families/linear/types.js';
import { createUniform } from '../families/uniform/index.js';
import type { Uniform } from '../families/uniform/types.js';
import { createVectors, type Vectors } from '../vectors/create.js';

/** The loaded library: one property per family, everything synchronous. */
export class Fewbits extends Opaque {
  /** The WebAssembly variant that runs; 'js' where load({ fallback: 'js' }) found no WebAssembly. */
  readonly variant: Variant | 'js';
  readonly uniform: Uniform;
  readonly int4: Int4;
  readonly linear: Linear;
  readonly distributional: Distributional;
  readonly floats: Floats;
  readonly ggml: Ggml;
  readonly kquant: Kquant;
  readonly bits: Bits;
  readonly createIndex: Vectors['createIndex'];
  readonly openIndex: Vectors['openIndex'];
  /** Compares an array with its reconstruction. */
  readonly compare: CompareFunction;
  readonly #core: Core;

  /** @internal */
  constructor(core: Core) {
    super('Fewbits', 'call load() there, or send the compiled module and call loadSync()');
    this.#core = core;
    this.variant = core.variant;
    this.bits = createBits(core);
    this.compare = createCompare(core);
    this.distributional = createDistributional(core);
    this.floats = createFloats(core);
    this.ggml = createGgml(core);
    this.kquant = createKquant(core);
    ({ createIndex: this.createIndex, openIndex: this.openIndex } = createVectors(core));
    this.uniform = createUniform(core, this.bits, this.floats);
    this.int4 = createInt4(core, this.bits);
    this.linear = createLinear(core, this.bits, this.uniform);
  }

  /** @deprecated The former name of `compare`. */
  get error(): CompareFunction {
    return this.compare;
  }

  /** Bytes of WebAssembly memory that the library and its indexes hold. */
  get memoryBytes(): number {
    return this.#core.memory.byteLength;
  }
}
