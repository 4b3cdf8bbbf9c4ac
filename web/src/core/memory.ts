// The memory of an instance: the one place that makes views of it.

import { FewbitsError } from './errors.js';
import type { WasmModule } from './wasm.js';

const ALIGNMENT = 16;

/** Bytes of scratch that are kept between calls; what one call needed beyond that goes back after it. */
const KEPT = 1 << 20;

/** The largest size that crosses as it is: Embind wraps numbers around at 32 bits. */
const MOST_BYTES = 2 ** 32 - 1;

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/**
 * All that touches WebAssembly memory. Views are made for the moment and never kept: growth
 * detaches them.
 *
 * Calls work in a scratch, of which a little is kept between them; an index holds its own allocations.
 */
export class Memory {
  readonly #wasm: WasmModule;
  #scratch = 0;
  #capacity = 0;
  #inUse = false;

  constructor(wasm: WasmModule) {
    this.#wasm = wasm;
  }

  /** Bytes of WebAssembly memory in existence, used or not. */
  get byteLength(): number {
    return this.#wasm.HEAPU8.byteLength;
  }

  /** An address for `bytes` bytes, 16-byte aligned, to be given back with `release`. */
  allocate(bytes: number): number {
    const address = bytes <= MOST_BYTES ? this.#wasm.allocate(Math.max(bytes, 1)) >>> 0 : 0;
    if (address === 0) {
      throw new FewbitsError(
        'OUT_OF_MEMORY',
        `WebAssembly memory has no room for ${bytes} more bytes (${this.byteLength} in use)`,
      );
    }
    return address;
  }

  release(address: number): void {
    this.#wasm.release(address);
  }

  /**
   * Runs `work` with an address for each of the given byte lengths, all in the scratch and 16-byte
   * aligned, valid until it returns. Not reentrant.
   */
  withScratch<T>(lengths: readonly number[], work: (...addresses: number[]) => T): T {
    if (this.#inUse) throw new Error('the scratch is in use');
    const needed = lengths.reduce((sum, length) => sum + aligned(length), 0);
    if (needed > this.#capacity) {
      this.#releaseScratch();
      this.#scratch = this.allocate(needed);
      this.#capacity = needed;
    }
    let next = this.#scratch;
    const addresses = lengths.map((length) => {
      const address = next;
      next += aligned(length);
      return address;
    });
    this.#inUse = true;
    try {
      return work(...addresses);
    } finally {
      this.#inUse = false;
      if (this.#capacity > KEPT) this.#releaseScratch();
    }
  }

  #releaseScratch(): void {
    const address = this.#scratch;
    this.#scratch = 0;
    this.#capacity = 0;
    // A fault in the work is thrown, and not that memory cannot be released after it.
    if (address !== 0 && !this.#wasm.broken) this.release(address);
  }

  u8(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#wasm.HEAPU8.buffer, address, length);
  }

  i8(address: number, length: number): Int8Array {
    return new Int8Array(this.#wasm.HEAPU8.buffer, address, length);
  }

  u16(address: number, length: number): Uint16Array {
    return new Uint16Array(this.#wasm.HEAPU8.buffer, address, length);
  }

  i32(address: number, length: number): Int32Array {
    return new Int32Array(this.#wasm.HEAPU8.buffer, address, length);
  }

  u32(address: number, length: number): Uint32Array {
    return new Uint32Array(this.#wasm.HEAPU8.buffer, address, length);
  }

  f32(address: number, length: number): Float32Array {
    return new Float32Array(this.#wasm.HEAPU8.buffer, address, length);
  }

  f64(address: number, length: number): Float64Array {
    return new Float64Array(this.#wasm.HEAPU8.buffer, address, length);
  }
}
