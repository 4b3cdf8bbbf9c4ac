// The reader without WebAssembly, compared with a plain TypeScript scan by tables of floats, as others have
// it, and with the index that it reads: `node tests/bench/reader.mjs [rows] [dims]` after `npm run build`.
// All use the same vectors and queries, in processor time. Prints the recall of each, and the sizes of the
// reader's scripts.

import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { load } from 'fewbits';
import { openIndex } from 'fewbits/reader';
import { compare, processorTime } from './measure.mjs';
import { TableScan } from './table-scan.mjs';
import { clustered, exactNeighbours, fill, recall, row } from './vector-data.mjs';

const [rows = 100_000, dims = 768] = process.argv.slice(2).map(Number);
const QUERIES = 16;
const K = 10;
const fb = await load();
const { x, queries } = clustered(rows, dims, QUERIES);
const exact = exactNeighbours(x, dims, queries, K);

const tables = new TableScan(dims);
tables.add(x);
console.log(`${rows} x ${dims}, cosine, k = ${K}, Node ${process.version}, ${fb.variant}\n`);
console.log('bits  alternative                    ms    times the reader    recall@10');

for (const bits of [4, 8, 2, 1]) {
  const index = fb.createIndex({ dims, bits });
  fill(index, x);
  const file = index.save();
  const began = processorTime();
  const reader = openIndex(file);
  const opening = processorTime() - began;
  const searches = {
    reader: (q) => reader.search(row(queries, dims, q), { k: K }).ids,
    'with WebAssembly': (q) => index.search(row(queries, dims, q), { k: K }).ids,
    ...(bits === 4 && {
      'tables of floats': (q) => tables.search(row(queries, dims, q), K),
      'tables of floats, four sums': (q) => tables.searchUnrolled(row(queries, dims, q), K),
    }),
  };
  const turns = Object.fromEntries(
    Object.entries(searches).map(([name, search]) => {
      let q = 0;
      return [name, () => search(q++ % QUERIES)];
    }),
  );
  const { reader: own, ...others } = turns;
  const { baseline, ...results } = compare(own, others, { rounds: 15 });
  const found = (name) => exact.map((_, q) => searches[name](q));
  const line = (name, ms, times) =>
    console.log(
      `${String(bits).padStart(4)}  ${name.padEnd(28)}${ms.toFixed(1).padStart(6)}` +
        `${times.padStart(20)}${recall(found(name), exact).toFixed(3).padStart(13)}`,
    );
  line('reader', baseline, '1');
  for (const [name, { ms, times }] of Object.entries(results)) {
    line(name, ms, `${(1 / times).toFixed(2)}`);
  }
  console.log(`      opened in ${opening.toFixed(0)} ms, ${(file.length / 1e6).toFixed(1)} MB`);
  index.dispose();
}

const entry = fileURLToPath(import.meta.resolve('fewbits/reader'));
const options = { bundle: true, minify: true, format: 'esm', write: false, entryPoints: [entry] };
const [{ contents }] = buildSync(options).outputFiles;
const gzip = gzipSync(contents, { level: 9 }).length;
const brotli = brotliCompressSync(contents).length;
console.log(`\nfewbits/reader: ${contents.length} bytes, ${gzip} gzip, ${brotli} brotli`);
