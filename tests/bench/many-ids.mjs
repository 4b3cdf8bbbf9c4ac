// More explicit ids than a Map can hold: added, looked up, saved and opened, with time and memory. Not part
// of CI, as it takes some minutes and 4 GB: `node --expose-gc tests/bench/many-ids.mjs [ROWS_OF_NUMBERS]
// [ROWS_OF_BIGINTS]`

import { load } from '../../web/dist/node.js';

const [numbers = 20_000_000, bigints = 17_000_000] = process.argv.slice(2).map(Number);
const dims = 8;
const batch = 500_000;
const fb = await load();
const vectors = Float32Array.from({ length: batch * dims }, (_, i) => Math.sin(i * 12.9898));

/** Bytes of JavaScript's memory including arrays, without WebAssembly's. */
function held() {
  // One collection may make more memory collectable.
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external - fb.memoryBytes;
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** Throws unless the value is true. */
function must(what, value) {
  if (!value) throw new Error(`not so: ${what}`);
}

function run(name, rows, idsOf, idOf) {
  const before = held();
  const index = fb.createIndex({ dims, bits: 1, quality: 'fast' });
  let start = performance.now();
  for (let row = 0; row < rows; row += batch) {
    const n = Math.min(batch, rows - row);
    index.add(vectors.subarray(0, n * dims), idsOf(row, n));
  }
  must('every row is there', index.size === rows);
  console.log(`${name}: ${rows.toLocaleString('en')} rows added in ${seconds(start)}`);
  const bytes = held() - before;
  console.log(`  ids: ${megabytes(bytes)}, ${(bytes / rows).toFixed(1)} bytes a row`);
  start = performance.now();
  const step = 97;
  for (let row = 0; row < rows; row += step) must('an id is found', index.has(idOf(row)));
  must('another is not', !index.has(idOf(rows)));
  const lookup = ((performance.now() - start) * 1e6) / Math.ceil(rows / step);
  console.log(`  has(): ${lookup.toFixed(0)} ns`);
  start = performance.now();
  const file = index.save();
  console.log(`  saved in ${seconds(start)}, ${megabytes(file.length)}`);
  index.dispose();
  const closed = held();
  start = performance.now();
  const again = fb.openIndex(file);
  console.log(
    `  opened in ${seconds(start)}, ${((held() - closed) / rows).toFixed(1)} bytes a row`,
  );
  must('every row came back', again.size === rows && again.has(idOf(rows - 1)));
  const { ids } = again.search(vectors.subarray(0, dims));
  must('ten of them are found', ids.length === 10 && ids.every((id) => again.has(id)));
  again.dispose();
  const { maxRSS } = process.resourceUsage();
  console.log(`  peak of the process so far: ${megabytes(maxRSS * 1024)}`);
}

const range = (type, idOf) => (row, n) => type.from({ length: n }, (_, i) => idOf(row + i));
const rising = (row) => 2 ** 40 + row;
// Odd multiples modulo a power of two: all different, in scrambled order.
const mixed = (row) => (Math.imul(row, 0x9e3779b1) >>> 0) * 2 ** 20;
const risingBig = (row) => 2n ** 62n + BigInt(row);
const mixedBig = (row) => BigInt.asIntN(64, BigInt(row) * 0x9e3779b97f4a7c15n);

run('numbers that rise', numbers, range(Float64Array, rising), rising);
run('numbers in no order', numbers, range(Float64Array, mixed), mixed);
run('bigints that rise', bigints, range(BigInt64Array, risingBig), risingBig);
run('bigints in no order', bigints, range(BigInt64Array, mixedBig), mixedBig);
