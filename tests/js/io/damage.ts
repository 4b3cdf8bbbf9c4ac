// Damaged files, and the two acceptable outcomes of reading one.

import { FewbitsError, type FewbitsErrorCode } from 'fewbits/io';
import { expect } from 'vitest';

/** A matcher for `toThrow`: a FewbitsError with this code and a message. */
export function refused(code: FewbitsErrorCode) {
  const message = expect.stringMatching(/.{10}/);
  return expect.objectContaining({ name: 'FewbitsError', code, message });
}

/** Runs a reader on damaged bytes: it may succeed or throw a documented error, nothing else. */
export function expectSoundOrRefused(bytes: Uint8Array, read: () => void): void {
  try {
    read();
  } catch (error) {
    const code = error instanceof FewbitsError ? error.code : undefined;
    if (code === 'CORRUPT_DATA' || code === 'UNSUPPORTED') return;
    throw new Error(`on [${bytes.subarray(0, 400)}]`, { cause: error });
  }
}

/** All prefixes of a file, then `count` copies with a few random bytes changed; the same in every run. */
export function* corruptions(file: Uint8Array, count: number): Generator<Uint8Array> {
  for (let length = 0; length < file.length; length++) yield file.slice(0, length);
  const random = xorshift(file.length);
  for (let i = 0; i < count; i++) {
    const damaged = file.slice();
    const places = 1 + random(4);
    for (let place = 0; place < places; place++) {
      // Half of the changes are in the first 64 bytes, which hold lengths and counts.
      const at = random(random(2) ? file.length : Math.min(64, file.length));
      const flipped = (damaged[at] as number) ^ (1 << random(8));
      damaged[at] = [random(256), 0xff, 0x00, flipped][random(4)] as number;
    }
    yield damaged;
  }
}

/** Repeatable random integers below a bound. */
export function xorshift(seed: number): (bound: number) => number {
  let state = (seed + 0x9e3779b9) | 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
