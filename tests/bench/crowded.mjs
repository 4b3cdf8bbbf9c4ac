// Recall@10 of every width and metric as it is, with the mean off, and calibrated: `node
// tests/bench/crowded.mjs [--data FILE_OR_FOLDER]` after `npm run build`. It uses three generated sets (mean
// cosines of 0, .7 and .9, as embeddings of some models have) and your own vectors.
//
// Queries are 600 further vectors of the generated sets; of your own set each vector, or 300 of them,
// searches the others. A cell is marked with ! if it is more than .005 below the one without; then the exit
// code is 1. Cells are means over three seeds; (axes) means that calibration used some.

import { parseArgs } from 'node:util';
import { load } from 'fewbits';
import { files, matrices } from './matrices.mjs';
import { normals } from './measure.mjs';
import { amongThemselves, clustered, normalise, row } from './vector-data.mjs';

const K = 10;
const SLACK = 0.005;
/** Seeds of the rotation: codes of a single seed find slightly more or less by chance. */
const SEEDS = [0, 1, 2];
const METRICS = ['cosine', 'dot', 'l2'];
const WIDTHS = [{ bits: 1 }, { bits: 2 }, { bits: 4 }, { bits: 8 }, { bits: 1, refine: 8 }];
const WAYS = {
  'as it is': () => {},
  'mean off': (index, x) => index.calibrate(x, { method: 'mean' }),
  calibrated: (index, x) => index.calibrate(x),
};

/** Vectors of norm 1, around a common direction so that their mean cosine is `common`. */
function crowded(common) {
  const [rows, dims, count] = [4000, 384, 600];
  const { x, queries } = clustered(rows, dims, count);
  const direction = normalise(normals(dims, 77), dims);
  for (const all of [x, queries]) {
    for (let i = 0; i < all.length; i++) {
      all[i] = Math.sqrt(1 - common) * all[i] + Math.sqrt(common) * direction[i % dims];
    }
    normalise(all, dims);
  }
  return { name: `made, mean cosine ${common}`, x, queries, dims, own: [] };
}

/** The `k` best of all rows except `self`, by scores in double precision. */
function exact(x, query, dims, metric, self) {
  const scores = [];
  for (let r = 0; r < x.length / dims; r++) {
    let [dot, square] = [0, 0];
    for (let i = 0, at = r * dims; i < dims; i++, at++) {
      dot += query[i] * x[at];
      square += metric === 'l2' ? (query[i] - x[at]) ** 2 : x[at] ** 2;
    }
    const score = metric === 'dot' ? dot : metric === 'l2' ? -square : dot / Math.sqrt(square);
    if (r !== self) scores.push([score, r]);
  }
  scores.sort((a, b) => b[0] - a[0]);
  return new Set(scores.slice(0, K).map(([, r]) => r));
}

/** Prints the table of one set; returns how many cells are too low. */
function measure(fb, { name, x, queries, dims, own }) {
  let low = 0;
  const count = queries.length / dims;
  console.log(`\n${name}: ${x.length / dims} x ${dims}\n`);
  console.log(`| metric | bits | ${Object.keys(WAYS).join(' | ')} |`);
  console.log(`| --- | --- |${' --- |'.repeat(Object.keys(WAYS).length)}`);
  for (const metric of METRICS) {
    const truth = Array.from({ length: count }, (_, q) =>
      exact(x, row(queries, dims, q), dims, metric, own[q]),
    );
    for (const width of WIDTHS) {
      let without = 0;
      const cells = Object.entries(WAYS).map(([way, prepare]) => {
        let hits = 0;
        let axes = 0;
        for (const seed of SEEDS) {
          const index = fb.createIndex({ dims, metric, seed, ...width });
          prepare(index, x);
          index.add(x);
          axes += index.stats().calibrated ? 1 : 0;
          for (const [q, { ids }] of index.searchBatch(queries, { k: K + 1 }).entries()) {
            const found = ids.filter((id) => id !== own[q]).slice(0, K);
            for (const id of found) hits += truth[q].has(id) ? 1 : 0;
          }
          index.dispose();
        }
        const recall = hits / count / K / SEEDS.length;
        if (way === 'as it is') without = recall;
        const bad = recall < without - SLACK;
        if (bad) low++;
        return `${recall.toFixed(3)}${axes > 0 ? ' (axes)' : ''}${bad ? ' !' : ''}`;
      });
      const bits = width.refine ? `${width.bits} + ${width.refine}` : width.bits;
      console.log(`| ${metric} | ${bits} | ${cells.join(' | ')} |`);
    }
  }
  return low;
}

const { values: flags } = parseArgs({ options: { data: { type: 'string', multiple: true } } });
const fb = await load();
const sets = [
  ...[0, 0.7, 0.9].map(crowded),
  ...(flags.data ?? [])
    .flatMap(files)
    .flatMap(matrices)
    .map((matrix) => ({
      name: matrix.name,
      ...amongThemselves(matrix, 300),
    })),
];
const low = sets.reduce((sum, set) => sum + measure(fb, set), 0);
console.log(`\n${low} cells lie more than ${SLACK} below the one without`);
process.exitCode = low > 0 ? 1 : 0;
