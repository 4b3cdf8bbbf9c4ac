// load() and loadSync(): which build, from where, instantiated once for all callers.

import { describe, invalid, oneOf, options, tagOf } from '../core/arguments.js';
import { Core, type Variant } from '../core/core.js';
import { FewbitsError, reasonOf } from '../core/errors.js';
import type { CompiledModule } from '../core/platform.js';
import { instantiate, instantiateLater, type WasmModule } from '../core/wasm.js';
import { compile, isModule, type Open, type WasmSource } from './compile.js';
import { Fewbits } from './fewbits.js';
import { relaxedFault } from './relaxed.js';
import { NO_ADDRESS } from './remedies.js';
import { support } from './support.js';

export interface LoadOptions {
  /** Which build to run; by default relaxed SIMD where the engine has it and computes rightly with it. */
  variant?: Variant | undefined;
  /**
   * Where the build comes from, if not from beside this package: the compiled module, its bytes, a
   * response that streams it, or an address.
   */
  wasm?: WasmSource | undefined;
}

const unsupported = (message: string) => new FewbitsError('UNSUPPORTED', message);

function chosenVariant(requested: Variant | undefined, builds: Builds): Variant {
  if (requested !== undefined) oneOf('variant', requested, ['relaxed', 'simd128']);
  const { simd128, relaxedSimd, relaxedSimdExact, relaxedSimdFault } = support();
  if (!simd128) {
    throw unsupported(
      'fewbits needs WebAssembly SIMD, which this engine lacks: Chrome has it since 91, Firefox ' +
        'since 89, Safari since 16.4, Node since 16.4',
    );
  }
  if (requested === undefined) {
    return relaxedSimdExact && builds.relaxed !== undefined ? 'relaxed' : 'simd128';
  }
  if (requested === 'relaxed' && !relaxedSimd) {
    throw unsupported(
      "variant 'relaxed' needs relaxed SIMD, which this engine lacks: leave the variant out",
    );
  }
  if (requested === 'relaxed' && relaxedSimdFault !== undefined) throw notExact(relaxedSimdFault);
  return requested;
}

const notExact = (fault: string) =>
  unsupported(
    `${fault}, so that the relaxed build would give wrong results: leave the variant out, or take ` +
      "'simd128'",
  );

/**
 * Instantiates a compiled module at once, without a promise: for engines and bundlers that import
 * .wasm files as modules, and for workers that are sent one. Chrome below 115 refuses that in a page,
 * where load() works.
 *
 * @param module one of the package's two builds, compiled
 * @throws FewbitsError LOAD_FAILED when it is not such a build, or one of another version; UNSUPPORTED
 * for the relaxed one where the engine computes wrongly with it
 */
export function loadSync(module: CompiledModule): Fewbits {
  if (!isModule(module)) {
    throw invalid(
      `loadSync takes a WebAssembly.Module, got ${describe(module)}; load() takes bytes and addresses`,
    );
  }
  return library(instantiate(module), module);
}

function library(wasm: WasmModule, module: CompiledModule): Fewbits {
  const core = new Core(wasm);
  const fault = core.variant === 'relaxed' ? relaxedFault() : undefined;
  if (fault !== undefined) throw notExact(fault);
  const fb = new Fewbits(core);
  insides.set(fb, { core, module });
  return fb;
}

/** What other entries of this package need of the loaded library. */
export interface Inside {
  readonly core: Core;
  readonly module: CompiledModule;
}

const insides = new WeakMap<Fewbits, Inside>();

/** What is inside of a loaded library: to share its memory, or to send its module to a worker. */
export function insideOf(fb: Fewbits): Inside {
  const inside = insides.get(fb);
  if (inside === undefined) throw invalid(`this is no loaded fewbits: ${describe(fb)}`);
  return inside;
}

type Loaded = Promise<Fewbits>;

/** What has been loaded from where; sources that are objects are not kept alive by it. */
class Memo {
  readonly #named = new Map<unknown, Loaded>();
  readonly #objects = new WeakMap<object, Loaded>();

  of(key: unknown): Map<unknown, Loaded> {
    const isObject = typeof key === 'object' && key !== null;
    return (isObject ? this.#objects : this.#named) as Map<unknown, Loaded>;
  }

  /** What `start` makes, once for a key, until that fails or a fault ends the instance. */
  async get(key: unknown, start: (again?: CompiledModule) => Loaded): Loaded {
    const known = this.of(key);
    for (let module: CompiledModule | undefined; ; ) {
      let loaded = known.get(key);
      if (loaded === undefined) {
        loaded = start(module);
        known.set(key, loaded);
      }
      const forget = () => {
        if (known.get(key) === loaded) known.delete(key);
      };
      const fb = await loaded.catch((error) => {
        forget();
        throw error;
      });
      const inside = insideOf(fb);
      if (!inside.core.broken) return fb;
      forget();
      module = inside.module;
    }
  }
}

async function start(compiled: Promise<CompiledModule>): Loaded {
  try {
    const module = await compiled;
    return library(await instantiateLater(module), module);
  } catch (cause) {
    if (cause instanceof FewbitsError) throw cause;
    const message = `the WebAssembly build could not be loaded: ${reasonOf(cause)}`;
    throw new FewbitsError('LOAD_FAILED', message, { cause });
  }
}

/** Where the builds of a platform are, or they themselves; without those that it cannot have. */
export type Builds = Readonly<Record<Variant, CompiledModule | URL | undefined>>;

/**
 * `load` for a platform, which says where the builds are and how to open an address: lazy, memoised
 * by its options, and repeatable after a failure.
 */
export function createLoad(builds: Builds, open: Open): (options?: LoadOptions) => Loaded {
  const memo = new Memo();
  const loadFrom = (key: unknown, source: () => WasmSource) =>
    memo.get(key, (again) => start(again ? Promise.resolve(again) : compile(source(), open)));
  const loadBuild = (variant: Variant) =>
    loadFrom(`package:${variant}`, () => {
      const build = builds[variant];
      if (build === undefined) throw new FewbitsError('LOAD_FAILED', NO_ADDRESS);
      return build;
    });
  return async (given) => {
    const o = options<LoadOptions>('options', given, ['variant', 'wasm']);
    const variant = chosenVariant(o.variant, builds);
    const { wasm } = o;
    if (wasm !== undefined)
      return loadFrom(tagOf(wasm) === 'URL' ? String(wasm) : wasm, () => wasm);
    try {
      return await loadBuild(variant);
    } catch (error) {
      // What relaxed SIMD has wrong may show only once the engine has compiled it again.
      const wrong = variant === 'relaxed' && relaxedFault() !== undefined;
      if (o.variant !== undefined || !wrong) throw error;
      return loadBuild('simd128');
    }
  };
}
