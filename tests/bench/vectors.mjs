// Prints what the vector index is measured by, in ratios to a plain JavaScript scan of the same
// vectors in the same run: `node tests/bench/vectors.mjs [rows] [dims] [variant]` after
// `npm run build`. Times are the least of several rounds: other work on the machine only adds.

import { load } from 'fewbits';

const rows = Number(process.argv[2] ?? 100_000);
const dims = Number(process.argv[3] ?? 384);
const fb = await load(process.argv[4] ? { variant: process.argv[4] } : {});
const K = 10;

let state = 20240607;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
// A sum of four uniforms is near enough to normal, and quick.
const normal = () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);

function normalise(x) {
  for (let at = 0; at < x.length; at += dims) {
    let square = 0;
    for (let i = 0; i < dims; ++i) square += x[at + i] ** 2;
    const scale = 1 / Math.sqrt(square);
    for (let i = 0; i < dims; ++i) x[at + i] *= scale;
  }
  return x;
}

// The clustered set: 1000 centres, each vector a centre plus normal noise of the same norm. Queries
// are drawn in the same way.
const centres = Float32Array.from({ length: 1000 * dims }, normal);
function clustered(n) {
  const x = new Float32Array(n * dims);
  for (let r = 0; r < n; ++r) {
    const centre = Math.floor(uniform() * 1000) * dims;
    for (let i = 0; i < dims; ++i) x[r * dims + i] = centres[centre + i] + normal();
  }
  return normalise(x);
}

function least(rounds, work) {
  let best = Infinity;
  for (let i = 0; i < rounds; ++i) {
    const start = performance.now();
    work(i);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

const x = clustered(rows);
const queries = clustered(64);
const query = (q) => queries.subarray((q % 64) * dims, ((q % 64) + 1) * dims);

/** What anyone would write: every dot product, and the ten best in a sorted list. */
function plainScan(q) {
  const scores = new Float32Array(K).fill(-Infinity);
  const ids = new Int32Array(K);
  for (let r = 0; r < rows; ++r) {
    const at = r * dims;
    let sum = 0;
    for (let i = 0; i < dims; ++i) sum += q[i] * x[at + i];
    if (sum <= scores[K - 1]) continue;
    let place = K - 1;
    for (; place > 0 && scores[place - 1] < sum; --place) {
      scores[place] = scores[place - 1];
      ids[place] = ids[place - 1];
    }
    scores[place] = sum;
    ids[place] = r;
  }
  return ids;
}

const exact = Array.from({ length: 64 }, (_, q) => new Set(plainScan(query(q))));
const plain = least(6, (i) => plainScan(query(i)));
console.log(`${rows} x ${dims}, cosine, ${fb.variant}, Node ${process.version}`);
console.log(`plain JavaScript scan with top-${K}: ${plain.toFixed(2)} ms\n`);

const header = [
  'bits',
  'bytes',
  'single',
  'batch 64',
  'batch/single',
  'recall@10',
  'add/s',
  'fast/s',
];
const line = (cells) => console.log(cells.map((cell) => String(cell).padStart(13)).join(''));
const times = (ms) => `${(plain / ms).toFixed(1)}x`;

function fill(index) {
  const start = performance.now();
  for (let r = 0; r < rows; r += 1000) {
    index.add(x.subarray(r * dims, Math.min(rows, r + 1000) * dims));
  }
  return Math.round((rows / (performance.now() - start)) * 1000);
}

const recallOf = (index) => {
  let agree = 0;
  for (let q = 0; q < 64; ++q) {
    for (const id of index.search(query(q), { k: K }).ids) agree += exact[q].has(id);
  }
  return (agree / 64 / K).toFixed(4);
};

function measure(name, options, sample) {
  using index = fb.createIndex({ dims, ...options });
  if (sample) index.calibrate(sample);
  const speed = fill(index);
  let fast = '';
  if (!sample && !options.refine) {
    using quick = fb.createIndex({ dims, quality: 'fast', ...options });
    fast = fill(quick);
  }
  const recall = recallOf(index);
  const single = least(40, (i) => index.search(query(i), { k: K }));
  const batch = least(4, () => index.searchBatch(queries, { k: K })) / 64;
  const bytes = (index.byteLength / rows).toFixed(1);
  line([
    name,
    bytes,
    times(single),
    times(batch),
    (single / batch).toFixed(2),
    recall,
    speed,
    fast,
  ]);
}

line(header);
for (const bits of [8, 4, 2, 1]) measure(bits, { bits });
measure('1 + 8', { bits: 1, refine: 8 });
const sample = x.subarray(0, Math.min(rows, 4000) * dims);
for (const bits of [4, 2, 1]) measure(`${bits} calibrated`, { bits }, sample);

console.log('\nscore error: std * sqrt(d) over random unit vectors, and bias');
line(['bits', 'fast', 'best', 'bias']);
const count = 2000;
const random = normalise(Float32Array.from({ length: count * dims }, normal));
const probes = normalise(Float32Array.from({ length: 20 * dims }, normal));
for (const bits of [1, 2, 4, 8]) {
  const errors = ['fast', 'best'].map((quality) => {
    using index = fb.createIndex({ dims, bits, quality });
    index.add(random);
    let sum = 0;
    let square = 0;
    for (let p = 0; p < 20; ++p) {
      const probe = probes.subarray(p * dims, (p + 1) * dims);
      const { ids, scores } = index.search(probe, { k: count });
      ids.forEach((id, i) => {
        let dot = 0;
        for (let j = 0; j < dims; ++j) dot += probe[j] * random[id * dims + j];
        sum += scores[i] - dot;
        square += (scores[i] - dot) ** 2;
      });
    }
    const mean = sum / count / 20;
    return { std: Math.sqrt((square / count / 20 - mean ** 2) * dims), mean };
  });
  line([bits, errors[0].std.toFixed(4), errors[1].std.toFixed(4), errors[1].mean.toExponential(1)]);
}
