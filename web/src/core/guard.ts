// What becomes of an instance after a fault inside of it: it says so, and does nothing more.
//
// A trap, an abort or an overflowing stack leaves C++ in the middle of something: its stack pointer is
// not put back, and what it was changing is half changed. Calls that go on would damage more, or answer
// wrongly.

import { FewbitsError, reasonOf } from './errors.js';
import type { WasmModule } from './wasm.js';

const faults = new WeakSet<object>();

/** Whether this error says that an instance has failed, and not only a call. */
export const isFault = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && faults.has(error);

/** The functions and constants of an instance; after a fault in one of them all throw what it was. */
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
    // Limits and enumerators, by name.
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
    // Another one after each growth.
    HEAPU8: { get: () => wasm.HEAPU8 },
    broken: { get: () => broken },
  });
  return safe as WasmModule;
}

/** Whether what was thrown came out of WebAssembly, and not from what is before it. */
function isFaultOf(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return true;
  // Embind checks arguments before it calls.
  if (thrown.name === 'BindingError' || thrown instanceof TypeError) return false;
  // A stack that was full already when the call came has not begun anything.
  const full = thrown instanceof RangeError || thrown.message.includes('recursion');
  return !full || thrown.stack === undefined || thrown.stack.includes('wasm-function');
}
