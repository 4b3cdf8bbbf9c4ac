import { readFile } from 'node:fs/promises';
import type { Variant } from './core/core.js';
import { compileResponse, createLoad, isModule, type LoadOptions } from './core/load.js';

export * from './core/entry.js';

const builds: Record<Variant, URL> = {
  simd128: new URL('./fewbits.simd128.wasm', import.meta.url),
  relaxed: new URL('./fewbits.relaxed.wasm', import.meta.url),
};

/** As for browsers, with files read from disk; a string without a scheme is a path. */
async function compile(variant: Variant, source: LoadOptions['wasm']): Promise<WebAssembly.Module> {
  const wasm = await (source ?? builds[variant]);
  if (isModule(wasm)) return wasm as WebAssembly.Module;
  if (wasm instanceof Response) return compileResponse(wasm);
  if (typeof wasm === 'string' && /^https?:/.test(wasm)) return compileResponse(await fetch(wasm));
  if (typeof wasm === 'string') {
    return WebAssembly.compile(await readFile(wasm.startsWith('file:') ? new URL(wasm) : wasm));
  }
  if (wasm instanceof URL) {
    return wasm.protocol === 'file:'
      ? WebAssembly.compile(await readFile(wasm))
      : compileResponse(await fetch(wasm));
  }
  return WebAssembly.compile(wasm as BufferSource);
}

/**
 * Loads fewbits: the first call reads and compiles the WebAssembly, all callers share it, a failed
 * call can be repeated. Everything after it is synchronous.
 *
 * @throws FewbitsError LOAD_FAILED, or UNSUPPORTED where the engine has no WebAssembly SIMD
 */
export const load = createLoad(compile);
