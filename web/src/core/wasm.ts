import createModule from '../wasm/fewbits.mjs';
import { FewbitsError } from './errors.js';

/** The part of the Embind module that every family needs; each family adds its own functions. */
export interface WasmModule {
  readonly HEAPU8: Uint8Array;
  allocate(bytes: number): number;
  release(address: number): void;
  /** Whether this is the build with relaxed SIMD. */
  relaxed(): boolean;
}

/** Instantiates the compiled module, synchronously: it is small enough for the main thread. */
export function instantiate(compiled: WebAssembly.Module): WasmModule {
  try {
    return createModule({
      instantiateWasm(imports, done) {
        const instance = new WebAssembly.Instance(compiled, imports);
        done(instance, compiled);
        return instance.exports;
      },
    }) as WasmModule;
  } catch (cause) {
    throw new FewbitsError('LOAD_FAILED', `WebAssembly could not be instantiated: ${cause}`, {
      cause,
    });
  }
}
