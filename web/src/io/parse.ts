// Parsers that say which bytes they need, apart from who reads these: one body serves buffers and readers.

import { type RangedReader, readExactly } from './source.js';

/** Part of a file that a parser asks for. It lies within the file. */
export interface Need {
  readonly offset: number;
  readonly length: number;
}

/** A parser that yields what it needs and is given it. */
export type Parse<T> = Generator<Need, T, Uint8Array>;

/** No bytes: a parser yields it between the steps of long work, where that can be interrupted. */
export const pause: Need = { offset: 0, length: 0 };

/** Runs a parser over a file in memory, at once. */
export function parseBytes<T>(bytes: Uint8Array, parse: Parse<T>): T {
  let step = parse.next();
  while (!step.done) {
    const { offset, length } = step.value;
    step = parse.next(bytes.subarray(offset, offset + length));
  }
  return step.value;
}

/** Runs a parser over a file that is read in parts. Throws the signal's reason when that is aborted. */
export async function parseReader<T>(
  reader: RangedReader,
  parse: Parse<T>,
  signal?: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted();
  let step = parse.next();
  while (!step.done) {
    const { offset, length } = step.value;
    // Signals and timers have their turn in a pause.
    if (length === 0) await new Promise((resolve) => setTimeout(resolve));
    // A copy: readers may use their memory again.
    const bytes = (await readExactly(reader, offset, length)).slice();
    signal?.throwIfAborted();
    step = parse.next(bytes);
  }
  return step.value;
}
