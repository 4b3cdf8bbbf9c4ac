// The index in workers compared with a single index: `node tests/bench/pool.mjs [rows] [dims] [workers ...]`
// after `npm run build`. Times are wall times, since workers do not save processor time: the minimum of many
// alternating turns, because other load on the machine only adds to them. The gain is limited by the number
// of idle cores; the processor time of all threads together shows the possible gain: with n idle cores n /
// work.

import { availableParallelism } from 'node:os';
import { load } from 'fewbits';
import { createPool } from 'fewbits/pool';
import { processorTime } from './measure.mjs';
import { clustered, row } from './vector-data.mjs';

const [rows = 100_000, dims = 384, ...more] = process.argv.slice(2).map(Number);
const counts = more.length > 0 ? more : [1, 2];
const fb = await load();
const { x, queries } = clustered(rows, dims, 64);

const columns = (...cells) =>
  console.log(cells.map((cell, i) => String(cell).padStart(i < 3 ? 12 : 20)).join(''));

/**
 * The minimum wall time of a turn and the mean processor time of all threads, in milliseconds, for each
 * alternative.
 */
async function measure(rounds, alternatives) {
  const results = alternatives.map(() => ({ wall: Infinity, work: 0 }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, alternative] of alternatives.entries()) {
      const [began, work] = [performance.now(), processorTime()];
      await alternative(round);
      results[i].wall = Math.min(results[i].wall, performance.now() - began);
      results[i].work += (processorTime() - work) / rounds;
    }
  }
  return results;
}

console.log(`${rows} x ${dims}, cosine, ${fb.variant}, Node ${process.version}`);
console.log(`${availableParallelism()} cores; times of one index, then gains with workers`);
console.log('half of the vectors are copied to the pool, half are given: { transfer: true }\n');
columns('bits', 'call', 'one index', ...counts.map((n) => `${n} worker${n > 1 ? 's' : ''}`));

for (const bits of [8, 4, 2, 1]) {
  const index = fb.createIndex({ dims, bits });
  const pools = [];
  for (const workers of counts) pools.push(await createPool({ dims, bits, workers }));
  const all = [index, ...pools];
  const half = (rows >> 1) * dims;
  const given = all.map(() => x.slice(half));
  const lines = {
    'add half': await measure(
      1,
      all.map((one) => () => one.add(x.subarray(0, half))),
    ),
    'half, given': await measure(
      1,
      all.map((one, i) => () => one.add(given[i], undefined, { transfer: true })),
    ),
    search: await measure(
      100,
      all.map((one) => (round) => one.search(row(queries, dims, round % 64))),
    ),
    'search 64': await measure(
      6,
      all.map((one) => () => one.searchBatch(queries)),
    ),
  };
  for (const [call, [single, ...others]] of Object.entries(lines)) {
    const gain = ({ wall, work }) =>
      `${(single.wall / wall).toFixed(2)}x, work ${(work / single.work).toFixed(2)}x`;
    columns(bits, call, `${single.wall.toFixed(2)} ms`, ...others.map(gain));
  }
  for (const one of all) one.dispose();
}
