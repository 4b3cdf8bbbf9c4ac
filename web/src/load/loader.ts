// load() and loadSync() of any build of the package: they choose the variant and instantiate it once for all
// callers.

import { describe, invalid, oneOf, options, tagOf } from '../core/arguments.js';
import type { BuildName } from '../core/build.js';
import { Core, type Variant } from '../core/core.js';
import { FewbitsError, reasonOf } from '../core/errors.js';
import type { CompiledModule } from '../core/platform.js';
import type { WasmModule } from '../core/wasm.js';
import { compile, isModule, type Open, type WasmSource } from './compile.js';
import { relaxedFault } from './relaxed.js';
import { noAddress } from './remedies.js';
import { support } from './support.js';

export interface LoadOptions {
  /** The variant to run; by default relaxed SIMD if the engine has it and computes correctly with it. */
  variant?: Variant | undefined;
  /**
   * The source of the build, if it is not next to this package: the compiled module, its bytes, a response
   * with them, or an address.
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

/** The parts that make the library of a build. */
export interface Kind<Library extends object> {
  readonly name: BuildName;
  instantiate(module: CompiledModule): WasmModule;
  instantiateLater(module: CompiledModule): Promise<WasmModule>;
  create(core: Core): Library;
}

function libraryOf<Library extends object>(
  kind: Kind<Library>,
  wasm: WasmModule,
  module: CompiledModule,
): Library {
  const core = new Core(wasm);
  const fault = core.variant === 'relaxed' ? relaxedFault() : undefined;
  if (fault !== undefined) throw notExact(fault);
  const library = kind.create(core);
  insides.set(library, { core, module });
  return library;
}

/** Creates loadSync() of a build. */
export function loadSyncOf<Library extends object>(
  kind: Kind<Library>,
  module: CompiledModule,
): Library {
  if (!isModule(module)) {
    throw invalid(
      `loadSync takes a WebAssembly.Module, got ${describe(module)}; load() takes bytes and addresses`,
    );
  }
  return libraryOf(kind, kind.instantiate(module), module);
}

/** The parts of a loaded library that other entries of this package use. */
export interface Inside {
  readonly core: Core;
  readonly module: CompiledModule;
}

const insides = new WeakMap<object, Inside>();

/** The inside of a loaded library: to share its memory, or to send its module to a worker. */
export function insideOf(fb: object): Inside {
  const inside = insides.get(fb);
  if (inside === undefined) throw invalid(`this is no loaded fewbits: ${describe(fb)}`);
  return inside;
}

/** Libraries by their sources; sources that are objects are held weakly. */
class Memo<Library extends object> {
  readonly #named = new Map<unknown, Promise<Library>>();
  readonly #objects = new WeakMap<object, Promise<Library>>();

  of(key: unknown): Map<unknown, Promise<Library>> {
    const isObject = typeof key === 'object' && key !== null;
    return (isObject ? this.#objects : this.#named) as Map<unknown, Promise<Library>>;
  }

  /** Calls `start` once per key; again after it failed, or after a fault has ended the instance. */
  async get(key: unknown, start: (again?: CompiledModule) => Promise<Library>): Promise<Library> {
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

async function start<Library extends object>(
  kind: Kind<Library>,
  compiled: Promise<CompiledModule>,
): Promise<Library> {
  try {
    const module = await compiled;
    return libraryOf(kind, await kind.instantiateLater(module), module);
  } catch (cause) {
    if (cause instanceof FewbitsError) throw cause;
    const message = `the WebAssembly build could not be loaded: ${reasonOf(cause)}`;
    throw new FewbitsError('LOAD_FAILED', message, { cause });
  }
}

/** The builds of a platform or their addresses; undefined for those that it cannot have. */
export type Builds = Readonly<Record<Variant, CompiledModule | URL | undefined>>;

/**
 * Creates `load` of a build for a platform, from the places of its builds and a function that opens
 * addresses. It is lazy, memoised by its options, and can be repeated after a failure.
 */
export function createLoadOf<Library extends object>(
  kind: Kind<Library>,
  builds: Builds,
  open: Open,
): (options?: LoadOptions) => Promise<Library> {
  const memo = new Memo<Library>();
  const loadFrom = (key: unknown, source: () => WasmSource) =>
    memo.get(key, (again) =>
      start(kind, again ? Promise.resolve(again) : compile(source(), open, kind.name)),
    );
  const loadBuild = (variant: Variant) =>
    loadFrom(`package:${variant}`, () => {
      const build = builds[variant];
      if (build === undefined) throw new FewbitsError('LOAD_FAILED', noAddress(kind.name));
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
      // A fault of relaxed SIMD may show only after the engine has recompiled the code.
      const wrong = variant === 'relaxed' && relaxedFault() !== undefined;
      if (o.variant !== undefined || !wrong) throw error;
      return loadBuild('simd128');
    }
  };
}
