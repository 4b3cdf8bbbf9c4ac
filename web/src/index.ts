import type { Variant } from './core/core.js';
import { compileResponse, createLoad, isModule, type LoadOptions } from './core/load.js';

export * from './core/entry.js';

// Literal addresses, so that bundlers see and emit the files.
const builds: Record<Variant, () => URL> = {
  simd128: () => new URL('./fewbits.simd128.wasm', import.meta.url),
  relaxed: () => new URL('./fewbits.relaxed.wasm', import.meta.url),
};

/** The WebAssembly build that `source` names, or the package's own: for browsers and workers. */
async function compile(variant: Variant, source: LoadOptions['wasm']): Promise<WebAssembly.Module> {
  const wasm = await (source ?? builds[variant]());
  if (isModule(wasm)) return wasm as WebAssembly.Module;
  if (wasm instanceof Response) return compileResponse(wasm);
  if (wasm instanceof URL || typeof wasm === 'string') return compileResponse(await fetch(wasm));
  return WebAssembly.compile(wasm as BufferSource);
}

/**
 * Loads fewbits: the first call fetches and compiles the WebAssembly, all callers share it, a
 * failed call can be repeated. Everything after it is synchronous.
 *
 * @throws FewbitsError LOAD_FAILED, or UNSUPPORTED where the engine has no WebAssembly SIMD
 */
export const load = createLoad(compile);
