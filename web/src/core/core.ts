// The instance and its memory, as families use them, and the results of C++ calls.

import { FewbitsError } from './errors.js';
import { Memory } from './memory.js';
import { STATUS } from './status.js';
import type { WasmModule } from './wasm.js';

/** The WebAssembly variant that runs. */
export type Variant = 'relaxed' | 'simd128';

/** The instance and its memory, which every family module uses. */
export class Core {
  readonly wasm: WasmModule;
  readonly memory: Memory;
  readonly variant: Variant;

  constructor(wasm: WasmModule) {
    this.wasm = wasm;
    this.memory = new Memory(wasm);
    this.variant = wasm.relaxed() ? 'relaxed' : 'simd128';
  }

  /** Whether a fault inside WebAssembly has ended the instance. */
  get broken(): boolean {
    return this.wasm.broken;
  }

  /** The instance as the Embind interface of one family. */
  functions<T>(): T {
    return this.wasm as unknown as T;
  }
}

/**
 * The result of a C++ call, fewbits::Result as one number: the index times 8 plus the status, as
 * cpp/bindings/binding.h makes it. 0 is success.
 */
export type Outcome = number;

const STATUSES = 8;
export const outcomeOf = (status: number, index: number): Outcome => index * STATUSES + status;
export const statusOf = (outcome: Outcome): number => outcome % STATUSES;
export const indexOf = (outcome: Outcome): number => Math.floor(outcome / STATUSES);

/** Throws for a failed outcome; `base` is added to its index, `what` names the input. */
export function check(outcome: Outcome, what: string, base = 0): void {
  if (outcome === 0) return;
  const at = base + indexOf(outcome);
  switch (statusOf(outcome)) {
    case STATUS.ok:
      return;
    case STATUS.invalid_argument:
      throw new FewbitsError('INVALID_ARGUMENT', `${what}: not accepted`);
    case STATUS.non_finite:
      throw new FewbitsError(
        'NON_FINITE',
        `${what}[${at}] is NaN or infinite; only finite values can be quantized`,
      );
    case STATUS.corrupt_data:
      throw new FewbitsError('CORRUPT_DATA', `${what}: damaged at ${at}`);
    case STATUS.out_of_memory:
      throw new FewbitsError('OUT_OF_MEMORY', `${what}: WebAssembly memory is full`);
    default:
      throw new FewbitsError('UNSUPPORTED', `${what}: not supported (at ${at})`);
  }
}
