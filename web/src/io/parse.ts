// Parsers that yield the bytes they need, so that one body serves files in memory and files read in parts.

import { type RangedReader, readExactly } from './source.js';

/** The range of a file that a parser needs. It lies within the file. */
export interface Need {
  readonly offset: number;
  readonly length: number;
}

/** A parser that yields the range it needs, and receives its bytes. */
export type Parse<T> = Generator<Need, T, Uint8Array>;

/** An empty range, which a parser yields between the steps of long work so that it can be interrupted. */
export const pause: Need = { offset: 0, length: 0 };

/** Runs a parser over a file in memory, synchronously. */
export function parseBytes<T>(bytes: Uint8Array, parse: Parse<T>): T {
  let step = parse.next();
  while (!step.done) {
    const { offset, length } = step.value;
    step = parse.next(bytes.subarray(offset, offset + length));
  }
  return step.value;
}

/** Runs a parser over a file that is read in parts. Throws the signal's reason when it is aborted. */
export async function parseReader<T>(
  reader: RangedReader,
  parse: Parse<T>,
  signal?: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted();
  let step = parse.next();
  while (!step.done) {
    const { offset, length } = step.value;
    // Signals and timers can run during a pause.
    if (length === 0) await new Promise((resolve) => setTimeout(resolve));
    // A copy, as readers may reuse their memory.
    const bytes = (await readExactly(reader, offset, length)).slice();
    signal?.throwIfAborted();
    step = parse.next(bytes);
  }
  return step.value;
}
