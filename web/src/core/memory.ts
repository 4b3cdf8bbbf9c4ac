// The memory of an instance, and the only code that creates views of it.

import { FewbitsError } from './errors.js';
import type { WasmModule } from './wasm.js';

const ALIGNMENT = 16;

/** Bytes of scratch that are kept between calls; a larger scratch is released after the call. */
const KEPT = 1 << 20;

/** The largest size that can be passed: Embind wraps numbers around at 32 bits. */
const MOST_BYTES = 2 ** 32 - 1;

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/**
 * Access to WebAssembly memory. Views are created for each use and never kept, since growth detaches them.
 *
 * Calls use a scratch, of which a little is kept between them; an index holds its own allocations.
 */
export class Memory {
  readonly #wasm: WasmModule;
  #scratch = 0;
  #capacity = 0;
  #inUse = false;
  #buffer: ArrayBufferLike | undefined;

  constructor(wasm: WasmModule) {
    this.#wasm = wasm;
  }

  /** Bytes of WebAssembly memory, used or not. */
  get byteLength(): number {
    return this.#wasm.HEAPU8.byteLength;
  }

  /** Allocates `bytes` bytes, 16-byte aligned, to be released with `release`. Throws OUT_OF_MEMORY. */
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
   * Runs `work` with an address for each of the given byte lengths, all in the scratch and 16-byte aligned.
   * They are valid until it returns. Not reentrant.
   */
  withScratch<T>(lengths: readonly number[], work: (...addresses: number[]) => T): T {
    if (this.#inUse) throw new Error('the scratch is in use');
    let needed = 0;
    for (const length of lengths) needed += aligned(length);
    if (needed > this.#capacity) {
      this.#releaseScratch();
      this.#scratch = this.allocate(needed);
      this.#capacity = needed;
    }
    let next = this.#scratch;
    const addresses: number[] = [];
    for (const length of lengths) {
      addresses.push(next);
      next += aligned(length);
    }
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
    // After a fault, releasing would throw and hide the original error.
    if (address !== 0 && !this.#wasm.broken) this.release(address);
  }

  /** The whole memory; growth detaches earlier views. */
  #bytes(): ArrayBufferLike {
    if (this.#buffer === undefined || this.#buffer.byteLength === 0) {
      this.#buffer = this.#wasm.HEAPU8.buffer;
    }
    return this.#buffer;
  }

  u8(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#bytes(), address, length);
  }

  i8(address: number, length: number): Int8Array {
    return new Int8Array(this.#bytes(), address, length);
  }

  u16(address: number, length: number): Uint16Array {
    return new Uint16Array(this.#bytes(), address, length);
  }

  i32(address: number, length: number): Int32Array {
    return new Int32Array(this.#bytes(), address, length);
  }

  u32(address: number, length: number): Uint32Array {
    return new Uint32Array(this.#bytes(), address, length);
  }

  f32(address: number, length: number): Float32Array {
    return new Float32Array(this.#bytes(), address, length);
  }

  f64(address: number, length: number): Float64Array {
    return new Float64Array(this.#bytes(), address, length);
  }
}
