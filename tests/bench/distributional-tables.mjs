// Prints the accuracy of fb.distributional: mean squared errors on the Gaussian and Laplace distributions,
// analytic and sampled; how close n * E|error| comes to its limit; the 7-bit example. `node
// tests/bench/distributional-tables.mjs` after `npm run build`; `npm run bench -- distributional` measures
// its speed.

import { load } from 'fewbits';

const fb = await load();
const { quantize, codebook, meanSquaredError } = fb.distributional;

/** Repeatable uniform values in (0, 1): 53 bits of a splitmix-seeded xorshift. */
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
    // With the codebook for mean 0 and variance 1: the moments of the samples are not used.
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
