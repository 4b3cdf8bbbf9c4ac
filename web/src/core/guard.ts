// Protection of an instance after a fault inside it: every later call throws and does nothing.
//
// A trap, an abort or a stack overflow interrupts C++ halfway: the stack pointer is not restored, and data
// may be half written. Further calls would do more damage or return wrong results.

import { FewbitsError, reasonOf } from './errors.js';
import type { WasmModule } from './wasm.js';

const faults = new WeakSet<object>();

/** Whether this error says that the instance has failed, and not just one call. */
export const isFault = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && faults.has(error);

/** The functions and constants of an instance. After a fault in one function all of them throw its cause. */
export function guarded(wasm: Record<string, unknown>): WasmModule {
  let cause: unknown;
  let broken = false;
  const fault = () => {
    const error = new FewbitsError(
      'DISPOSED',
      `WebAssembly failed (${reasonOf(cause).replace(/\. Build with .*/, '')}), and its memory may be damaged: this instance, its ` +
        'indexes and layers cannot be used any more. load() gives a new one; please report what was done',
      { cause },
    );
    faults.add(error);
    return error;
  };
  const safe = {};
  for (const [name, value] of Object.entries(wasm)) {
    // Limits and enumerators are plain numbers.
    if (typeof value === 'number') Object.defineProperty(safe, name, { value });
    if (typeof value !== 'function') continue;
    Object.defineProperty(safe, name, {
      value: (...args: unknown[]) => {
        if (broken) throw fault();
        try {
          return value(...args);
        } catch (thrown) {
          if (!isFaultOf(thrown)) throw thrown;
          broken = true;
          cause = thrown;
          throw fault();
        }
      },
    });
  }
  Object.defineProperties(safe, {
    // A new view after each growth of memory.
    HEAPU8: { get: () => wasm.HEAPU8 },
    broken: { get: () => broken },
  });
  return safe as WasmModule;
}

/** Whether an error came out of WebAssembly itself, and not from the glue code in front of it. */
function isFaultOf(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return true;
  // Embind checks arguments before it calls.
  if (thrown.name === 'BindingError' || thrown instanceof TypeError) return false;
  // A stack that was already full when the call was made has interrupted nothing in C++.
  const full = thrown instanceof RangeError || thrown.message.includes('recursion');
  return !full || thrown.stack === undefined || thrown.stack.includes('wasm-function');
}
