// A fuzz target for `fewbits/reader`: for any bytes it refuses those that the index with WebAssembly refuses,
// with the same code, and otherwise gives the same results with finite scores. It may refuse more, for
// reasons listed here.

import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { FewbitsError, load } from 'fewbits';
import { openIndex } from 'fewbits/reader';

const fb = await load();

/**
 * Headers that no program writes, and data that the reader takes from the file but the index computes itself.
 */
const STRICTER = /its header is damaged|rotation\.signs/;

function outcomeOf(open, bytes) {
  try {
    const index = open(bytes);
    const query = Float32Array.from({ length: index.dims }, (_, i) => Math.sin(i + 1));
    const { ids, scores } = index.search(query, { k: 4 });
    assert(scores.every((score) => !Number.isNaN(score)));
    const { seed, bits, metric, refine, calibrated } = index.stats();
    index.dispose();
    return { ids, scores, seed, kind: [bits, metric, refine, calibrated].join(' ') };
  } catch (error) {
    if (error instanceof FewbitsError) return { code: error.code, message: error.message };
    throw error;
  }
}

/** Opens bytes after correcting their checksum, as otherwise little of them is checked. */
export function index(given) {
  const bytes = given.slice();
  if (bytes.length >= 12) {
    const sum = crc32(bytes.subarray(0, -4));
    new DataView(bytes.buffer).setUint32(bytes.length - 4, sum, true);
  }
  const expected = outcomeOf((file) => fb.openIndex(file), bytes);
  const actual = outcomeOf(openIndex, bytes);
  if (actual.code === 'CORRUPT_DATA' && expected.code === undefined) {
    assert.match(actual.message, STRICTER);
    return `stricter: ${actual.message}`;
  }
  assert.equal(actual.code, expected.code, `${actual.message} / ${expected.message}`);
  return actual.message ?? actual.kind;
}
