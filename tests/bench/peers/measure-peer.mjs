// Measures one package in a process of its own; peers.mjs starts it and sends the rows.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compare } from '../measure.mjs';
import { plainScan, recall, row } from '../vector-data.mjs';
import { packages } from './packages.mjs';

const { name, folder, dims, rows, k, patience } = JSON.parse(process.argv[2]);

function floats(file) {
  const { buffer, byteOffset, byteLength } = readFileSync(path.join(folder, file));
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

const x = floats('vectors');
const all = floats('queries');
const exact = JSON.parse(readFileSync(path.join(folder, 'exact.json'), 'utf8'));
const queries = Array.from({ length: all.length / dims }, (_, i) => row(all, dims, i));
const batch = all.subarray(0, 64 * dims);

const turns = (work) => {
  let i = 0;
  return () => work(queries[i++ % queries.length]);
};

for await (const way of packages[name]({ x, dims, rows, k, patience })) {
  const { what, kind, bytes, encode, note, unfinished } = way;
  const result = { name, what, kind, bytes, encode, note };
  if (!unfinished) {
    result.recall = recall(queries.map(way.search), exact);
    const alternatives = { single: turns(way.search) };
    if (way.batch) alternatives.batch = () => way.batch(batch);
    const speed = compare(
      turns((query) => plainScan(x, dims, query, k)),
      alternatives,
      { rounds: 9 },
    );
    result.baseline = speed.baseline;
    result.single = speed.single.times;
    result.batch = speed.batch && speed.batch.times * 64;
  }
  process.send(result);
  way.dispose?.();
}
process.disconnect();
