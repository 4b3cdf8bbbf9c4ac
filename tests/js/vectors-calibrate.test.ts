// calibrate() where the rows are denser than the sample that judges it: no fewer neighbours than without.

import { load } from 'fewbits';
import { expect, test } from 'vitest';
import { clustered, exactNeighbours, recall } from '../bench/vector-data.mjs';

const [N, DIMS, K] = [8000, 96, 10];
const fb = await load();

// In clusters, the overall variance is along a few axes, but neighbours differ in all directions: axes that
// find more among a thousand rows lose .04 of recall among eight thousand.
test.each([
  ['half of what follows', N / 2],
  ['all of it', N],
])('a sample of %s teaches nothing that loses neighbours in clusters', (_, rows) => {
  const { x, queries } = clustered(N, DIMS, 128);
  const exact = exactNeighbours(x, DIMS, queries, K);
  const found = [false, true].map((calibrated) => {
    using index = fb.createIndex({ dims: DIMS, bits: 1 });
    if (calibrated) index.calibrate(x.subarray(0, rows * DIMS));
    index.add(x);
    return recall(
      index.searchBatch(queries, { k: K }).map(({ ids }) => ids),
      exact,
    );
  });
  expect(found[0]).toBeGreaterThan(0.5);
  expect(found[1]).toBeGreaterThanOrEqual(found[0] - 0.005);
});
