// The vector index against the plain scan of the same float32 vectors: time per query, alone and in batches
// of 64; recall@10 on the clustered set of vector-data.mjs; bytes; vectors added per second; errors of
// scores; memory.

import * as data from '../vector-data.mjs';

const K = 10;
const BATCH = 64;

const timing = ({ quick }) => ({ rounds: quick ? 5 : 11 });

function bytesOf(index) {
  const held = (index.byteLength / index.size).toFixed(1);
  return `${held} bytes a vector (${index.stats().bytesPerVector} by design)`;
}
const perSecond = (rate) => `${Math.round(rate).toLocaleString('en')} added/s`;

/** Runs one query after the other of a set. */
function cycle(queries, dims, search) {
  let q = 0;
  return () => search(data.row(queries, dims, q++ % (queries.length / dims)));
}

function* search(fb, { compare }, options) {
  const { quick } = options;
  const dims = 384;
  const rows = quick ? 20_000 : 100_000;
  const { x, queries } = data.clustered(rows, dims, 2 * BATCH);
  const exact = data.exactNeighbours(x, dims, queries, K);
  const sample = x.subarray(0, 4000 * dims);
  const batch = queries.subarray(0, BATCH * dims);

  const indexes = [];
  const add = (name, options, learn) => {
    const index = fb.createIndex({ dims, ...options });
    if (learn) index.calibrate(sample);
    const rate = data.fill(index, x);
    const found = index.searchBatch(queries, { k: K }).map(({ ids }) => ids);
    indexes.push({ name, index, rate, found, recall: data.recall(found, exact) });
  };
  try {
    for (const bits of [8, 4, 2, 1]) add(`${bits} bit${bits > 1 ? 's' : ''}`, { bits });
    add('1 bit, refined by 8', { bits: 1, refine: 8 });
    for (const bits of [4, 2, 1]) add(`${bits} calibrated`, { bits }, true);

    const plain = cycle(queries, dims, (query) => data.plainScan(x, dims, query, K));
    const alternatives = {};
    for (const { name, index } of indexes) {
      alternatives[`${name} single`] = cycle(queries, dims, (q) => index.search(q, { k: K }));
      alternatives[`${name} batch`] = () => index.searchBatch(batch, { k: K });
    }
    const speed = compare(plain, alternatives, timing(options));

    yield { name: `plain scan, ${rows} x ${dims}`, ms: speed.baseline };
    for (const { name, index, rate, found, recall } of indexes) {
      const single = speed[`${name} single`];
      const batch = speed[`${name} batch`];
      const times = batch.times * BATCH;
      const facts = [`recall@${K} ${recall.toFixed(4)}`];
      if (index.stats().refine) {
        const against = data.recall(found, indexes[0].found);
        facts.push(`(${against.toFixed(4)} of the 8-bit index's)`);
      }
      facts.push(bytesOf(index), perSecond(rate));
      yield { name, ms: single.ms, ratios: { plain: single.times }, facts };
      yield {
        name: `${name}, one of a batch of ${BATCH}`,
        ms: batch.ms / BATCH,
        ratios: { plain: times, single: times / single.times },
      };
    }
  } finally {
    for (const { index } of indexes) index.dispose();
  }

  for (const bits of [8, 4, 2, 1]) {
    const index = fb.createIndex({ dims, bits, quality: 'fast' });
    try {
      const rate = data.fill(index, x);
      const found = index.searchBatch(queries, { k: K }).map(({ ids }) => ids);
      const recall = data.recall(found, exact).toFixed(4);
      yield { name: `${bits} bits, 'fast'`, facts: [`recall@${K} ${recall}`, perSecond(rate)] };
    } finally {
      index.dispose();
    }
  }
}

function* wide(fb, { compare }, options) {
  const dims = 768;
  const rows = options.quick ? 20_000 : 100_000;
  const { x, queries } = data.clustered(rows, dims, BATCH);
  const index = fb.createIndex({ dims, bits: 4 });
  try {
    const rate = data.fill(index, x);
    const { single } = compare(
      cycle(queries, dims, (query) => data.plainScan(x, dims, query, K)),
      { single: cycle(queries, dims, (query) => index.search(query, { k: K })) },
      timing(options),
    );
    yield {
      name: `4 bits, ${rows} x ${dims}`,
      ms: single.ms,
      ratios: { plain: single.times },
      facts: [bytesOf(index), perSecond(rate)],
    };
  } finally {
    index.dispose();
  }
}

/**
 * The error of scores against true inner products, in units of 1 / sqrt(dims), the deviation for random
 * pairs.
 */
function* errors(fb) {
  const dims = 384;
  const x = data.directions(2000, dims, 4);
  const queries = data.directions(32, dims, 5);
  for (const bits of [8, 4, 2, 1]) {
    const facts = ['fast', 'best'].map((quality) => {
      const index = fb.createIndex({ dims, bits, quality });
      try {
        index.add(x);
        const { std, bias } = data.scoreError(index, x, queries);
        const text = (std * Math.sqrt(dims)).toFixed(4);
        return `'${quality}' std * sqrt(d) ${text}, bias ${bias.toExponential(1)}`;
      } finally {
        index.dispose();
      }
    });
    yield { name: `${bits} bits, error of scores`, facts };
  }
}

/** A million vectors in batches; the same ten thousand repeated, which does not affect memory. */
async function* million({ processorTime }, { fresh }) {
  const dims = 384;
  const x = data.directions(10_000, dims, 6);
  const fb = await fresh();
  const before = fb.memoryBytes;
  const index = fb.createIndex({ dims, bits: 4 });
  try {
    const began = processorTime();
    for (let i = 0; i < 100; i++) index.add(x);
    const seconds = (processorTime() - began) / 1000;
    // WebAssembly memory never shrinks, so the current size is the peak.
    const peak = `${(fb.memoryBytes / 1e6).toFixed(1)} MB of WebAssembly memory at most`;
    const start = `(${(before / 1e6).toFixed(1)} before)`;
    const facts = [peak, start, bytesOf(index), perSecond(index.size / seconds)];
    yield { name: `4 bits, ${index.size} x ${dims}`, facts };
  } finally {
    index.dispose();
  }
}

export async function* run(fb, measure, options) {
  yield* search(fb, measure, options);
  yield* wide(fb, measure, options);
  yield* errors(fb);
  if (options.million) yield* million(measure, options);
}
