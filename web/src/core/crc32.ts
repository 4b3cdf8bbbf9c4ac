// CRC-32 in JavaScript, for zip archives, stores and the reader, which all work without WebAssembly.

/** Tables for four bytes at a time, computed at first use. */
let tables: Int32Array | undefined;

function makeTables(): Int32Array {
  const made = new Int32Array(4 * 256);
  for (let i = 0; i < made.length; i++) {
    // The CRC of a byte followed by k zero bytes, from the previous table.
    let crc = i < 256 ? i : made[i - 256];
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    made[i] = crc;
  }
  return made;
}

/** The CRC-32 of zip and PNG, continued from `crc`; start with 0. */
export function crc32(crc: number, bytes: Uint8Array): number {
  tables ??= makeTables();
  const t = tables;
  let c = ~crc;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    c ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    c = t[768 + (c & 255)] ^ t[512 + ((c >>> 8) & 255)] ^ t[256 + ((c >>> 16) & 255)] ^ t[c >>> 24];
  }
  for (; i < bytes.length; i++) c = (c >>> 8) ^ t[(c ^ bytes[i]) & 255];
  return ~c >>> 0;
}
