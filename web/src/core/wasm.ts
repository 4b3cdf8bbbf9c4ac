// Instantiation of a compiled build: at once, or asynchronously where the main thread must not block.

import createModule, { stamp } from '../wasm/fewbits.mjs';
import { checkBuild, notABuild } from './build.js';
import { guarded } from './guard.js';
import type { CompiledModule } from './platform.js';

/** The part of the Embind module that every family uses; each family adds its own functions. */
export interface WasmModule {
  readonly HEAPU8: Uint8Array;
  allocate(bytes: number): number;
  release(address: number): void;
  /** Whether this is the build with relaxed SIMD. */
  relaxed(): boolean;
  /** Whether a fault has ended the instance; every call throws then. */
  readonly broken: boolean;
}

/** Instantiates the compiled module synchronously: for workers and Node, and browsers that allow it. */
export function instantiate(compiled: CompiledModule): WasmModule {
  checkBuild(compiled, stamp, 'fewbits');
  return started(compiled, (imports) => new WebAssembly.Instance(compiled, imports));
}

/**
 * Instantiates the compiled module without blocking the thread: on the main thread, browsers refuse to
 * instantiate modules above a size synchronously (4 KB in Chrome below 115, 8 MB since).
 */
export async function instantiateLater(compiled: CompiledModule): Promise<WasmModule> {
  checkBuild(compiled, stamp, 'fewbits');
  // The glue is synchronous: it creates the imports and expects the instance at once. So the instance is
  // created first, with imports that forward to those of the glue later.
  const late = lateImports(compiled);
  let instance: WebAssembly.Instance;
  try {
    instance = await WebAssembly.instantiate(compiled as WebAssembly.Module, late.imports);
  } catch (cause) {
    throw notABuild(cause);
  }
  return started(compiled, (imports) => {
    late.bind(imports);
    return instance;
  });
}

function started(
  compiled: CompiledModule,
  instanceFor: (imports: WebAssembly.Imports) => WebAssembly.Instance,
): WasmModule {
  const failures: unknown[] = [];
  let wasm: unknown;
  try {
    wasm = createModule({
      // An error thrown in here would also reject a promise that nobody handles.
      instantiateWasm(imports, done) {
        try {
          const instance = instanceFor(imports);
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
  if (failures.length > 0) throw notABuild(failures[0]);
  return guarded(wasm as Record<string, unknown>);
}

/** Imports that forward to those of the glue once `bind` has been called. */
function lateImports(compiled: CompiledModule) {
  const imports: Record<string, Record<string, (...args: unknown[]) => unknown>> = {};
  let bound: WebAssembly.Imports = {};
  for (const { module, name } of WebAssembly.Module.imports(compiled as WebAssembly.Module)) {
    imports[module] ??= {};
    imports[module][name] = (...args) =>
      (bound[module][name] as (...args: unknown[]) => unknown)(...args);
  }
  return {
    imports: imports as WebAssembly.Imports,
    bind(given: WebAssembly.Imports) {
      bound = given;
    },
  };
}
