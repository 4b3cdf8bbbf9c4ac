// Recall@10 and bytes per vector of fewbits on a set of the recall table: `node points.mjs SET` prints a JSON
// line for each point, as peers.py does for other libraries.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'fewbits';
import { array, K } from './sets.mjs';

const [folder] = process.argv.slice(2);
const { dims } = JSON.parse(readFileSync(path.join(folder, 'info.json'), 'utf8'));
const [rows, queries] = ['rows.f32', 'queries.f32'].map((name) =>
  array(Float32Array, path.join(folder, name)),
);
const [own, truth] = ['own.i32', 'truth.i32'].map((name) =>
  array(Int32Array, path.join(folder, name)),
);
const { version } = JSON.parse(
  readFileSync(new URL('../../../web/package.json', import.meta.url), 'utf8'),
);

const WIDTHS = [
  { bits: 1 },
  { bits: 2 },
  { bits: 3 },
  { bits: 4 },
  { bits: 6 },
  { bits: 8 },
  { bits: 1, refine: 4 },
  { bits: 1, refine: 8 },
  { bits: 2, refine: 4 },
];

const fb = await load();
const n = rows.length / dims;
// Evenly from the whole file, as its beginning is often about a single topic.
const step = Math.max(1, Math.floor(n / 20_000));
const sample = new Float32Array(Math.ceil(n / step) * dims);
for (let r = 0, at = 0; r < n; r += step, at += dims) {
  sample.set(rows.subarray(r * dims, (r + 1) * dims), at);
}

for (const width of WIDTHS) {
  for (const calibrated of [false, true]) {
    const index = fb.createIndex({ dims, metric: 'cosine', ...width });
    let began = performance.now();
    if (calibrated) index.calibrate(sample);
    const learned = performance.now() - began;
    began = performance.now();
    index.add(rows);
    const added = performance.now() - began;
    let hits = 0;
    for (const [q, { ids }] of index.searchBatch(queries, { k: K + 1 }).entries()) {
      const found = ids.filter((id) => id !== own[q]).slice(0, K);
      const wanted = truth.subarray(q * K, (q + 1) * K);
      for (const id of found) hits += wanted.includes(id) ? 1 : 0;
    }
    const bits = `${width.bits}${width.refine ? ` + ${width.refine}` : ''} bits`;
    const line = {
      library: 'fewbits',
      version,
      name: `${bits}${calibrated ? ', calibrated' : ''}`,
      bytes: index.stats().bytesPerVector,
      recall: hits / truth.length,
      learnedMs: Math.round(learned),
      addedPerSecond: Math.round((n / added) * 1000),
    };
    console.log(JSON.stringify(line));
    index.dispose();
  }
}
