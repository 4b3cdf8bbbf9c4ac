// Damaged or crafted index files: reading without WebAssembly gives the same errors as with it.

import { type Fewbits, FewbitsError, load, type VectorIndex } from 'fewbits';
import { type IndexReader, openIndex } from 'fewbits/reader';
import { describe, expect, it } from 'vitest';
import { noise } from '../support/builds.ts';
import { choices, indexFiles } from '../support/index-files.ts';

const fb = await load();

/** The outcome of opening and searching a file: an error code, or the result if all of it is numbers. */
function outcomeOf(open: (file: Uint8Array) => VectorIndex | IndexReader, file: Uint8Array) {
  try {
    const index = open(file);
    const result = index.search(noise(index.dims, 1, 9), { k: 3 });
    expect(result.scores.every((score) => !Number.isNaN(score))).toBe(true);
    index.dispose();
    return result;
  } catch (error) {
    if (error instanceof FewbitsError) return error.code;
    throw error;
  }
}

/** The file with the correct checksum of its contents. */
function signed(file: Uint8Array): Uint8Array {
  const sum = crc32(file.subarray(0, -4));
  new DataView(file.buffer, file.byteOffset).setUint32(file.length - 4, sum, true);
  return file;
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

describe('damaged files are refused as an index refuses them', () => {
  const own = (fewbits: Fewbits) => (file: Uint8Array) => fewbits.openIndex(file);

  it.each(indexFiles)('%s, cut and flipped', (_, file) => {
    const below = choices(file.length);
    for (let round = 0; round < 40; round++) {
      expect(outcomeOf(openIndex, file.subarray(0, below(file.length)))).toBe('CORRUPT_DATA');
      const flipped = file.slice();
      flipped[below(file.length)] ^= 1 << below(8);
      expect(outcomeOf(openIndex, flipped)).toBe('CORRUPT_DATA');
    }
  });

  /**
   * Tests whether a byte belongs to the rotation, which the index builds from the seed but the reader takes
   * from the file.
   */
  function isOfRotation(file: Uint8Array, at: number): boolean {
    const start = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
    const header = Buffer.from(file.subarray(0, start)).toString('latin1');
    const signs = /"rotation.signs".*?"data_offsets":\[(\d+),(\d+)\]/.exec(header);
    const seed = /"seed":"\d+"/.exec(header);
    const within = (first: number, length: number) => at >= first && at < first + length;
    if (seed && within(seed.index, seed[0].length)) return true;
    if (!signs) return false;
    const [first, end] = [Number(signs[1]), Number(signs[2])];
    return within(signs.index, 16) || within(start + first, end - first);
  }

  it.each(indexFiles)('%s, crafted', (_, file) => {
    const below = choices(file.length + 1);
    const start = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
    for (let round = 0; round < 60; round++) {
      const crafted = file.slice();
      // Every second change is in the header, where most errors can be made.
      const at = round % 2 === 0 ? below(start) : start + below(file.length - start - 4);
      if (round % 4 === 3) crafted.fill([0, 127, 128, 255][below(4)], at, at + 4);
      else crafted[at] ^= 1 << below(8);
      if ([0, 1, 2, 3].some((i) => isOfRotation(file, at + i))) continue;
      const expected = outcomeOf(own(fb), signed(crafted));
      expect([at, outcomeOf(openIndex, crafted)]).toEqual([at, expected]);
    }
  });

  it('a version that is to come', () => {
    const text = Buffer.from(indexFiles[0][1])
      .toString('latin1')
      .replace('"version":"', '"version":"9');
    const file = Uint8Array.from(Buffer.from(text, 'latin1'));
    const longer = new DataView(file.buffer).getUint32(0, true) + 1;
    new DataView(file.buffer).setUint32(0, longer, true);
    expect(outcomeOf(openIndex, signed(file))).toBe('UNSUPPORTED');
  });

  it('metadata that are no texts', () => {
    const text = Buffer.from(indexFiles[0][1])
      .toString('latin1')
      .replace(/"dims":"(\d+)"/, '"dims":  $1');
    const file = Uint8Array.from(Buffer.from(text, 'latin1'));
    expect(file.length).toBe(indexFiles[0][1].length);
    expect(outcomeOf(openIndex, signed(file))).toBe('CORRUPT_DATA');
    expect(outcomeOf(own(fb), file)).toBe('CORRUPT_DATA');
  });

  it('space in a header is no damage', () => {
    const file = indexFiles[0][1];
    const start = 8 + new DataView(file.buffer, file.byteOffset).getUint32(0, true);
    const header = JSON.parse(Buffer.from(file.subarray(8, start)).toString());
    const spaced = Buffer.from(JSON.stringify(header, null, 2));
    const made = new Uint8Array(8 + spaced.length + file.length - start);
    new DataView(made.buffer).setUint32(0, spaced.length, true);
    made.set(spaced, 8);
    made.set(file.subarray(start), 8 + spaced.length);
    expect(outcomeOf(openIndex, signed(made))).toEqual(outcomeOf(openIndex, file));
    expect(outcomeOf(own(fb), made)).toEqual(outcomeOf(openIndex, file));
  });

  it('other files', () => {
    for (const text of ['', '<!doctype html>', '{"a":1}', 'PK\x03\x04', '\0'.repeat(64)]) {
      const file = new TextEncoder().encode(text);
      expect(outcomeOf(openIndex, file)).toBe('CORRUPT_DATA');
      expect(outcomeOf(own(fb), file)).toBe('CORRUPT_DATA');
    }
  });
});
