import { describe, invalid, oneOf, options } from '../core/arguments.js';
import { Core, type Variant } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import type { CompiledModule } from '../core/platform.js';
import { instantiate } from '../core/wasm.js';
import { compile, isModule, type Open, type WasmSource } from './compile.js';
import { Fewbits } from './fewbits.js';
import { support } from './support.js';

export interface LoadOptions {
  /** Which build to run; by default relaxed SIMD where the engine has it. */
  variant?: Variant;
  /**
   * Where the build comes from, if not from beside this package: the compiled module, its bytes, a
   * response that streams it, or an address.
   */
  wasm?: WasmSource;
}

function chosenVariant(requested: Variant | undefined): Variant {
  const { simd128, relaxedSimd } = support();
  if (!simd128) {
    throw new FewbitsError(
      'UNSUPPORTED',
      'fewbits needs WebAssembly SIMD, which this engine lacks',
    );
  }
  if (requested === undefined) return relaxedSimd ? 'relaxed' : 'simd128';
  oneOf('variant', requested, ['relaxed', 'simd128']);
  if (requested === 'relaxed' && !relaxedSimd) {
    throw new FewbitsError(
      'UNSUPPORTED',
      "variant 'relaxed' needs relaxed SIMD, which this engine lacks",
    );
  }
  return requested;
}

/**
 * Instantiates a compiled module at once, without a promise: for engines and bundlers that import
 * .wasm files as modules, and for workers that are sent one.
 *
 * @param module one of the package's two builds, compiled
 * @throws FewbitsError LOAD_FAILED when it is not such a build
 */
export function loadSync(module: CompiledModule): Fewbits {
  if (!isModule(module)) {
    throw invalid(`loadSync takes a WebAssembly.Module, got ${describe(module)}`);
  }
  const core = new Core(instantiate(module));
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

  of(key: unknown): Map<unknown, Loaded> | WeakMap<object, Loaded> {
    return typeof key === 'object' ? this.#objects : this.#named;
  }
}

/**
 * `load` for a platform, which says where the builds are and how to open an address: lazy, memoised
 * by its options, and repeatable after a failure.
 */
export function createLoad(
  builds: Record<Variant, () => URL>,
  open: Open,
): (options?: LoadOptions) => Loaded {
  const memo = new Memo();
  return async (given) => {
    const { variant: requested, wasm } = options<LoadOptions>('options', given, [
      'variant',
      'wasm',
    ]);
    const variant = chosenVariant(requested);
    const key = wasm instanceof URL ? wasm.href : (wasm ?? `package:${variant}`);
    const known = memo.of(key) as Map<unknown, Loaded>;
    let loaded = known.get(key);
    if (loaded === undefined) {
      loaded = compile(wasm ?? builds[variant](), open)
        .then(loadSync)
        .catch((cause) => {
          known.delete(key);
          throw cause instanceof FewbitsError
            ? cause
            : new FewbitsError(
                'LOAD_FAILED',
                `the WebAssembly build could not be loaded: ${cause}`,
                {
                  cause,
                },
              );
        });
      known.set(key, loaded);
    }
    return loaded;
  };
}
