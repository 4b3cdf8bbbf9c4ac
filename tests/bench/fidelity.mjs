// Accuracy of the index on your own vectors, compared with int8 and binary codes: `node
// tests/bench/fidelity.mjs --data FILE_OR_FOLDER [--queries N]` after `npm run build`. Reads .npy,
// .safetensors (each matrix in it) and raw float32 (.bin, with a .json that has `rows` and `dims`).
//
// Every vector, or as many as --queries says, searches its ten nearest by cosine among the others. `recall`
// is the share that exact search finds too; `error` the standard deviation of the scores from the true
// cosines times sqrt(d); `bytes` the size of a vector by design.

import { parseArgs } from 'node:util';
import { dequantizeEmbeddings, embeddingRanges, load, quantizeEmbeddings } from 'fewbits';
import { files, matrices } from './matrices.mjs';
import { normalise, plainScan, recall, row, scoreError, Top } from './vector-data.mjs';

const K = 10;
const SAMPLE = 10_000;

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', multiple: true },
    queries: { type: 'string', default: '1000' },
  },
});
if (!flags.data) throw new Error('--data says where the vectors are: a file or a folder');

const line = (cells) => {
  const [name, ...rest] = cells;
  console.log(name.padEnd(44) + rest.map((cell) => String(cell ?? '-').padStart(11)).join(''));
};

/** Prints the table of one matrix. */
function measure(fb, { name, x, rows, dims }) {
  // Zero rows have no direction.
  const kept = [];
  for (let r = 0; r < rows; r++) if (row(x, dims, r).some((value) => value !== 0)) kept.push(r);
  const vectors = new Float32Array(kept.length * dims);
  for (const [i, r] of kept.entries()) vectors.set(row(x, dims, r), i * dims);
  normalise(vectors, dims);
  const n = kept.length;
  const count = Math.min(n, Number(flags.queries));
  const own = Array.from({ length: count }, (_, q) => Math.floor((q * n) / count));
  const queries = new Float32Array(count * dims);
  for (const [q, r] of own.entries()) queries.set(row(vectors, dims, r), q * dims);

  /** The neighbours of each query except itself. */
  const others = (find) =>
    own.map((self, q) =>
      Array.from(find(row(queries, dims, q), K + 1))
        .filter((id) => id !== self)
        .slice(0, K),
    );
  const exact = others((query, k) => plainScan(vectors, dims, query, k));
  // Half a million pairs are enough to estimate the error.
  const few = Math.min(count, Math.ceil(500_000 / n));
  const compare = (what, find, bytes, error) =>
    line([what, recall(others(find), exact).toFixed(3), error?.toFixed(4), bytes.toFixed(1)]);

  const heading = `${name}: ${n} x ${dims}, ${count} queries`;
  console.log(`\n${heading}\n${'-'.repeat(heading.length)}`);
  line(['', `recall@${K}`, 'error', 'bytes']);
  compare('float32', (query, k) => plainScan(vectors, dims, query, k), dims * 4, 0);

  const sample = Float32Array.from(vectors.subarray(0, SAMPLE * dims));
  const learn = {
    uncentred: () => {},
    centred: (index) => index.calibrate(sample, { method: 'mean' }),
    calibrated: (index) => index.calibrate(sample),
  };
  const widths = [[8], [4], [2], [1], [1, 8]];
  for (const [bits, refine] of widths) {
    for (const [how, prepare] of Object.entries(learn)) {
      for (const quality of ['best', 'fast']) {
        const index = fb.createIndex({ dims, bits, quality, ...(refine ? { refine } : {}) });
        try {
          prepare(index);
          index.add(vectors);
          const { std } = scoreError(index, vectors, queries.subarray(0, few * dims), own);
          const width = refine ? `${bits} + ${refine}` : `${bits}`;
          compare(
            `fewbits ${width} bits, ${how}, '${quality}'`,
            (query, k) => index.search(query, { k }).ids,
            index.stats().bytesPerVector,
            std * Math.sqrt(dims),
          );
        } finally {
          index.dispose();
        }
      }
    }
  }

  baselines(vectors, dims, compare, queries.subarray(0, few * dims), own);
}

/** The codes of sentence-transformers and transformers.js. */
function baselines(vectors, dims, compare, queries, own) {
  const dot = (x, width) => (query, r) => {
    let sum = 0;
    for (let i = 0; i < dims; i++) sum += query[i] * x[r * width + i];
    return sum;
  };
  const ranges = embeddingRanges(vectors, dims);
  const int8 = quantizeEmbeddings(vectors, dims, 'int8', { ranges });
  const decoded = dequantizeEmbeddings(int8, dims, 'int8', ranges);
  // An "index" of the decoded values: its scores are their inner products.
  const scores = (query) => {
    const n = decoded.length / dims;
    const ids = Array.from({ length: n }, (_, id) => id);
    return { ids, scores: ids.map((id) => dot(decoded, dims)(query, id)) };
  };
  const { std } = scoreError({ dims, search: scores }, vectors, queries, own);
  compare(
    'int8, a range a dimension',
    (query, k) => plainScan(decoded, dims, query, k),
    dims,
    std * Math.sqrt(dims),
  );

  // Signs come in whole bytes: the padding is the same for all vectors.
  const wide = Math.ceil(dims / 8) * 8;
  const signs = (x) => {
    const padded = new Float32Array((x.length / dims) * wide);
    for (let r = 0; r < x.length / dims; r++) padded.set(row(x, dims, r), r * wide);
    return quantizeEmbeddings(padded, wide, 'ubinary');
  };
  const bytes = wide / 8;
  const codes = signs(vectors);
  const shared = Uint8Array.from({ length: 256 }, (_, byte) => {
    let zeros = 8;
    for (let b = byte; b > 0; b >>= 1) zeros -= b & 1;
    return zeros;
  });
  const hamming = (query, k) => {
    const code = signs(query);
    const top = new Top(k);
    for (let r = 0; r < codes.length / bytes; r++) {
      let equal = 0;
      for (let i = 0; i < bytes; i++) equal += shared[codes[r * bytes + i] ^ code[i]];
      if (equal > top.least) top.insert(equal, r);
    }
    return top.rows;
  };
  /** Rescores the 10 k nearest by Hamming distance. */
  const again = (score) => (query, k) => {
    const top = new Top(k);
    for (const r of hamming(query, Math.min(10 * k, codes.length / bytes))) {
      const s = score(query, r);
      if (s > top.least) top.insert(s, r);
    }
    return top.rows;
  };
  const signed = dequantizeEmbeddings(codes, wide, 'ubinary');
  compare('binary, Hamming distance', hamming, bytes);
  compare('binary, rescored: float query, signs', again(dot(signed, wide)), bytes);
  compare('binary, rescored with int8', again(dot(decoded, dims)), bytes + dims);
  compare('binary, rescored with float32', again(dot(vectors, dims)), bytes + dims * 4);
}

const fb = await load();
for (const file of flags.data.flatMap(files)) {
  for (const matrix of matrices(file)) measure(fb, matrix);
}
