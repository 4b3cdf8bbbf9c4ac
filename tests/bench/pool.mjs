// The index in workers beside the index in one piece: `node tests/bench/pool.mjs [rows] [dims]
// [workers ...]` after `npm run build`. Wall times, since what workers gain is no processor time: the
// least of many turns that alternate, because other work on the machine only adds to them. No more
// is to be gained than the machine has idle cores.

import { availableParallelism } from 'node:os';
import { load } from 'fewbits';
import { createPool } from 'fewbits/pool';
import { clustered, row } from './vector-data.mjs';

const [rows = 100_000, dims = 384, ...more] = process.argv.slice(2).map(Number);
const counts = more.length > 0 ? more : [1, 2];
const fb = await load();
const { x, queries } = clustered(rows, dims, 64);

const columns = (...cells) => console.log(cells.map((cell) => String(cell).padStart(16)).join(''));

/** Of each alternative the least of `rounds` times, in milliseconds. */
async function least(rounds, alternatives) {
  const best = alternatives.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    for (const [i, work] of alternatives.entries()) {
      const began = performance.now();
      await work(round);
      best[i] = Math.min(best[i], performance.now() - began);
    }
  }
  return best;
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

console.log(`${rows} x ${dims}, cosine, ${fb.variant}, Node ${process.version}`);
console.log(`${availableParallelism()} cores; times of one index, then gains with workers\n`);
columns('bits', 'call', 'one index', ...counts.map((n) => `${n} worker${n > 1 ? 's' : ''}`));

for (const bits of [8, 4, 2, 1]) {
  const index = fb.createIndex({ dims, bits });
  const pools = [];
  for (const workers of counts) pools.push(await createPool({ dims, bits, workers }));
  const all = [index, ...pools];
  const adding = [];
  for (const one of all) adding.push(await timed(() => one.add(x)));
  const lines = {
    'add all': adding,
    search: await least(
      60,
      all.map((one) => (round) => one.search(row(queries, dims, round % 64))),
    ),
    'search 64': await least(
      6,
      all.map((one) => () => one.searchBatch(queries)),
    ),
  };
  for (const [call, [single, ...others]] of Object.entries(lines)) {
    const gain = (ms) => `${(single / ms).toFixed(2)}x`;
    columns(bits, call, `${single.toFixed(2)} ms`, ...others.map(gain));
  }
  for (const one of all) one.dispose();
}
