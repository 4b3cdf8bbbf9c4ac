import createModule from '../wasm/fewbits.mjs';
import { FewbitsError } from './errors.js';
import type { CompiledModule } from './platform.js';

/** The part of the Embind module that every family needs; each family adds its own functions. */
export interface WasmModule {
  readonly HEAPU8: Uint8Array;
  allocate(bytes: number): number;
  release(address: number): void;
  /** Whether this is the build with relaxed SIMD. */
  relaxed(): boolean;
}

/** Instantiates the compiled module, synchronously: it is small enough for the main thread. */
export function instantiate(compiled: CompiledModule): WasmModule {
  const failures: unknown[] = [];
  let wasm: unknown;
  try {
    wasm = createModule({
      // What is thrown in here would also become a rejection of a promise that nobody holds.
      instantiateWasm(imports, done) {
        try {
          const instance = new WebAssembly.Instance(compiled, imports);
          done(instance, compiled);
          return instance.exports;
        } catch (cause) {
          failures.push(cause);
          return {};
        }
      },
    });
  } catch (cause) {
    failures.push(cause);
  }
  if (failures.length > 0) {
    const [cause] = failures;
    throw new FewbitsError(
      'LOAD_FAILED',
      `this is no WebAssembly build of fewbits, or of another version: ${cause}`,
      { cause },
    );
  }
  return wasm as WasmModule;
}
