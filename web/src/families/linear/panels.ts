// Panels: runs of whole rows of a matrix, which cross at a time.

import type { Memory } from '../../core/memory.js';

/** Bytes of a factor that cross at a time. */
const PANEL = 262144;

export type Factor = Int8Array | Uint8Array | Float32Array;

/** Copies the `n` elements from `start` on to an address. */
export function give(memory: Memory, values: Factor, start: number, n: number, at: number): void {
  const bytesEach = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(values.buffer, values.byteOffset + start * bytesEach, n * bytesEach);
  memory.u8(at, n * bytesEach).set(bytes);
}

/** Rows of `rowBytes` bytes that fit a panel: one at least, and no more than there are. */
export const panelRows = (rowBytes: number, rows: number) =>
  Math.min(rows, Math.max(1, Math.floor(PANEL / Math.max(1, rowBytes))));
