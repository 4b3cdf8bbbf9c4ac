// Prints what fb.distributional is measured by: mean squared errors on the Gaussian and Laplace
// distributions, analytic and sampled; how near n * E|error| comes to its limit; the 7-bit example;
// throughput. `node tests/bench/distributional-tables.mjs` after `npm run build`.

import { load } from 'fewbits';

const fb = await load();
const { quantize, dequantize, codebook, meanSquaredError } = fb.distributional;

/** Deterministic uniform values in (0, 1): 53 bits of a splitmix-seeded xorshift. */
function generator(seed) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 100; ++i) next();
  return () => (next() * 2 ** 21 + (next() >>> 11) + 0.5) / 2 ** 53;
}

const uniform = generator(20231);
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const sample = (count, draw) => Float32Array.from({ length: count }, draw);
const number = (x) => x.toPrecision(6).padStart(12);
const row = (name, values) => console.log(name.padEnd(34), ...values);

console.log('1. mean squared error at 1 to 8 bits, beta 1');
const gaussian = sample(1_000_000, normal);
const laplace = sample(1_000_000, () => {
  const u = uniform();
  return (u < 0.5 ? Math.log(2 * u) : -Math.log(2 * (1 - u))) / Math.SQRT2;
});
for (const [name, options, source, x] of [
  ['gaussian, p 1', { p: 1 }, 'gaussian', gaussian],
  ['gaussian, p 2', { p: 2 }, 'gaussian', gaussian],
  ['gaussian, p 2, centroids', { p: 2, levels: 'centroid' }, 'gaussian', gaussian],
  ['gaussian, Lloyd-Max', { method: 'lloyd-max' }, 'gaussian', gaussian],
  ['Laplace, Lloyd-Max', { method: 'lloyd-max', dist: 'laplace' }, 'laplace', laplace],
]) {
  const analytic = [];
  const sampled = [];
  for (let k = 1; k <= 8; ++k) {
    const tables = codebook({ dist: 'gaussian', beta: 1, ...options, k });
    analytic.push(number(meanSquaredError(tables, source)));
    // With the codebook for mean 0 and variance 1: the samples' own moments do not enter.
    sampled.push(number(quantize(x, { codebook: tables }).info.mse));
  }
  row(`${name}: analytic`, analytic);
  row(`${' '.repeat(name.length)}  sampled (10^6)`, sampled);
}

console.log('\n2. n * E|error| over its limit, beta 1, k 8, 200,000 samples');
for (const [dist, limit, draw] of [
  ['gaussian', Math.sqrt(8 * Math.PI) / 4, normal],
  [
    'logistic',
    Math.PI ** 2 / 4,
    () => {
      const u = uniform();
      return Math.log(u / (1 - u));
    },
  ],
  ['exponential', 1, () => -Math.log(uniform())],
  ['gumbel', Math.PI / 2, () => -Math.log(-Math.log(uniform()))],
]) {
  const { info } = quantize(sample(200_000, draw), { k: 8, dist, beta: 1 });
  row(dist, [((256 * info.abs_error) / limit).toFixed(4)]);
}

console.log('\n3. 100,000 values of a normal + 0.2 uniform at 7 bits, distribution chosen');
const noisy = sample(100_000, () => normal() + 0.2 * uniform());
const seven = quantize(noisy, { k: 7, dist: null });
row('bytes', [noisy.byteLength, '->', seven.data.byteLength]);
row('chosen', [seven.info.dist, 'beta', seven.info.beta.toFixed(4)]);

console.log('\n4. throughput, end to end from JavaScript (median of 5)');
const median = (work, rounds = 5) => {
  work();
  const times = [];
  for (let i = 0; i < rounds; ++i) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[rounds >> 1];
};
const many = sample(10_000_000, normal);
const distributional = median(() => quantize(many, { k: 4, beta: 1 }));
const flat = median(() => fb.uniform.quantize(many, { bits: 4 }));
const { thresholds } = codebook(quantize(many, { k: 4, beta: 1 }).info);
/** The same thresholds, searched by halving; codes unpacked, which spares it the packing. */
function plain(x) {
  const codes = new Uint8Array(x.length);
  for (let i = 0; i < x.length; ++i) {
    let low = 0;
    let high = thresholds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (thresholds[middle] <= x[i]) low = middle + 1;
      else high = middle;
    }
    codes[i] = low;
  }
  return codes;
}
const loop = median(() => plain(many), 3);
const ms = (t) => `${t.toFixed(1)} ms`;
row('10^7 values at 4 bits', [ms(distributional)]);
row('  plain JavaScript binary search', [
  ms(loop),
  `${(loop / distributional).toFixed(1)}x slower`,
]);
row('  uniform 4-bit', [ms(flat), `${(flat / distributional).toFixed(2)} of its speed`]);
const million = many.subarray(0, 1_000_000);
// A pass's worth: what the same values cost with beta given.
const pass = distributional / 10;
const automatic = median(() => quantize(million, { k: 4 }));
row('automatic beta, 10^6 values', [ms(automatic), `${(automatic / pass).toFixed(1)} passes`]);
const all = median(() => quantize(million, { k: 4, dist: null }));
row('automatic distribution and beta', [ms(all), `${(all / pass).toFixed(1)} passes`]);
const q = quantize(many, { k: 4, beta: 1 });
const out = new Float32Array(many.length);
row('dequantize 10^7 values', [ms(median(() => dequantize(q.data, q.info, out)))]);
