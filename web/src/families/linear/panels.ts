// Panels: runs of whole rows of a matrix that are copied at a time.

import type { Memory } from '../../core/memory.js';

/** Bytes of a factor that are copied at a time. */
const PANEL = 262144;

export type Factor = Int8Array | Uint8Array | Float32Array;

/** Copies `n` elements, from `start` on, to an address. */
export function give(memory: Memory, values: Factor, start: number, n: number, at: number): void {
  const bytesEach = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(values.buffer, values.byteOffset + start * bytesEach, n * bytesEach);
  memory.u8(at, n * bytesEach).set(bytes);
}

/** The number of rows of `rowBytes` bytes per panel: at least one, and at most `rows`. */
export const panelRows = (rowBytes: number, rows: number) =>
  Math.min(rows, Math.max(1, Math.floor(PANEL / Math.max(1, rowBytes))));
