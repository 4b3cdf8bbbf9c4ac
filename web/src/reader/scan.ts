// The sums of the scan, equal to those in C++ (lut_scan and dot_scan): all loops where time is spent.

/** Whether the bit of a row is set; true without bits. */
export const isAllowed = (allowed: Uint32Array | null, row: number): boolean =>
  !allowed || ((allowed[row >>> 5] >>> (row & 31)) & 1) === 1;

/** A function that fills `sums` from the bytes of a plane of rows, from `byte` up to `end`. */
export type Sum<Table> = (
  codes: Uint8Array,
  stride: number,
  first: number,
  allowed: Uint32Array | null,
  byte: number,
  end: number,
  table: Table,
  sums: Int32Array,
) => void;

/**
 * Sums over the bytes of each row from `byte` to `end`, four at a time, of the mean of their table values.
 * Means are computed in two steps, rounded up by the constants that tablesOf() has added to the tables. The
 * loop takes eight bytes at a time.
 *
 * @param first the row of the first sum; sums of rows that are not allowed stay unchanged
 */
export function lookUp(
  codes: Uint8Array,
  stride: number,
  first: number,
  allowed: Uint32Array | null,
  byte: number,
  end: number,
  table: Uint16Array,
  sums: Int32Array,
): void {
  const words = new Uint32Array(codes.buffer);
  for (let r = 0; r < sums.length; r++) {
    if (!isAllowed(allowed, first + r)) continue;
    let sum = 0;
    let i = ((first + r) * stride + byte) / 4;
    for (let t = byte << 8; t < end << 8; i += 2) {
      let c = words[i];
      let low = table[t | (c & 255)] + table[t | 256 | ((c >>> 8) & 255)];
      let high = table[t | 512 | ((c >>> 16) & 255)] + table[t | 768 | (c >>> 24)];
      sum += ((low >> 1) + (high >> 1)) >> 1;
      t += 1024;
      c = words[i + 1];
      low = table[t | (c & 255)] + table[t | 256 | ((c >>> 8) & 255)];
      high = table[t | 512 | ((c >>> 16) & 255)] + table[t | 768 | (c >>> 24)];
      sum += ((low >> 1) + (high >> 1)) >> 1;
      t += 1024;
    }
    sums[r] = sum;
  }
}

/** Dot products of bytes, which are levels, with the values. */
export function multiply(
  codes: Uint8Array,
  stride: number,
  first: number,
  allowed: Uint32Array | null,
  _byte: number,
  _end: number,
  values: Int32Array,
  sums: Int32Array,
): void {
  const levels = new Int8Array(codes.buffer);
  for (let r = 0; r < sums.length; r++) {
    if (!isAllowed(allowed, first + r)) continue;
    let sum = 0;
    let at = (first + r) * stride;
    for (let i = 0; i < values.length; i += 4, at += 4) {
      sum +=
        Math.imul(levels[at], values[i]) +
        Math.imul(levels[at + 1], values[i + 1]) +
        Math.imul(levels[at + 2], values[i + 2]) +
        Math.imul(levels[at + 3], values[i + 3]);
    }
    sums[r] = sum;
  }
}

/** The number of bits in which rows differ from a query of as many words. */
export function differ(
  codes: Uint8Array,
  stride: number,
  first: number,
  allowed: Uint32Array | null,
  _byte: number,
  _end: number,
  query: Uint32Array,
  sums: Int32Array,
): void {
  const words = new Uint32Array(codes.buffer);
  for (let r = 0; r < sums.length; r++) {
    if (!isAllowed(allowed, first + r)) continue;
    let sum = 0;
    const at = ((first + r) * stride) / 4;
    for (let i = 0; i < query.length; i++) {
      let x = words[at + i] ^ query[i];
      x -= (x >>> 1) & 0x55555555;
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      sum += Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
    }
    sums[r] = sum;
  }
}
