// Indexes of every width: bytes, recall, and for 3 and 6 bits, which are stored in two planes, the file.

import { createHash } from 'node:crypto';
import { load } from 'fewbits';
import { openIndex } from 'fewbits/reader';
import { describe, expect, it } from 'vitest';
import { codeOf, indexBuilds, noise } from '../support/builds.ts';

const WIDTHS = [1, 2, 3, 4, 6, 8] as const;

/** A file with a text in its header replaced by another of the same length, and the correct checksum. */
function changed(file: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(file);
  const at = text.indexOf(from);
  expect(at).toBeGreaterThan(0);
  text.write(to, at);
  let sum = 0xffffffff;
  for (const byte of text.subarray(0, -4)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  text.writeUInt32LE(~sum >>> 0, text.length - 4);
  return new Uint8Array(text);
}

describe.each(indexBuilds)('widths of an index, %s', async (_, build) => {
  const fb = await build();

  it('each finds more than the one below, in the bytes that are documented', () => {
    const [dims, rows] = [96, 2000];
    const x = noise(rows * dims);
    const queries = noise(40 * dims, 1, 2);
    const square = (v: Float32Array) => v.reduce((sum, value) => sum + value * value, 0);
    const wanted = Array.from({ length: 40 }, (_, q) => {
      const query = queries.subarray(q * dims, (q + 1) * dims);
      const scores = Array.from({ length: rows }, (_, row) => {
        const vector = x.subarray(row * dims, (row + 1) * dims);
        return vector.reduce((sum, value, i) => sum + value * query[i], 0) / square(vector) ** 0.5;
      });
      return new Set([...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, 10));
    });
    const recalls = WIDTHS.map((bits) => {
      using index = fb.createIndex({ dims, bits });
      index.add(x);
      expect(index.stats().bytesPerVector).toBe((dims * bits) / 8 + (bits === 4 ? 8 : 4));
      const found = index.searchBatch(queries);
      return (
        found.reduce(
          (sum, { ids }, q) => sum + ids.filter((id) => wanted[q].has(id as number)).length,
          0,
        ) / 400
      );
    });
    for (let i = 1; i < recalls.length; i++) expect(recalls[i]).toBeGreaterThan(recalls[i - 1]);
    expect(recalls[2]).toBeGreaterThan(0.75);
    expect(recalls[4]).toBeGreaterThan(0.9);
  });

  it.each([
    [3, '037c3022ccf5e798'],
    [6, '0a70c62a5e4cc299'],
  ] as const)('%i bits make a file of version 4, the same bytes everywhere', (bits, hash) => {
    const [dims, rows] = [21, 130];
    using index = fb.createIndex({ dims, bits, seed: 5 });
    index.add(noise(rows * dims));
    const file = index.save();
    expect(createHash('sha256').update(file).digest('hex').slice(0, 16)).toBe(hash);
    using opened = fb.openIndex(file);
    expect(opened.save()).toEqual(file);
    const query = noise(dims, 1, 3);
    expect(opened.search(query)).toEqual(index.search(query));
    expect(openIndex(file).search(query)).toEqual(index.search(query));
  });

  it('3 and 6 bits are of version 4 alone, and other widths are not', () => {
    for (const [bits, version, other] of [
      [3, '4', '1'],
      [6, '4', '2'],
      [2, '1', '4'],
    ] as const) {
      using index = fb.createIndex({ dims: 8, bits });
      index.add(noise(80));
      const file = changed(index.save(), `"version":"${version}"`, `"version":"${other}"`);
      expect(codeOf(() => fb.openIndex(file))).toBe('CORRUPT_DATA');
      expect(codeOf(() => openIndex(file))).toBe('CORRUPT_DATA');
    }
  });
});

it('other widths are refused', async () => {
  const fb = await load();
  for (const bits of [0, 5, 7, 9, 2.5, '3']) {
    expect(codeOf(() => fb.createIndex({ dims: 8, bits: bits as never }))).toBe('INVALID_ARGUMENT');
  }
});
