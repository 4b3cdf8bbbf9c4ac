// The packages that are compared. Each entry takes the vectors and yields the package's ways of searching
// them. Long because each package has an interface of its own. It yields:
//
//   { what, kind, bytes, encode, search, batch?, note?, dispose? }
//
// `kind` is native, wasm or js; `bytes` per vector are those that searches need; `encode` is vectors per
// second, from float32 to the searched form; `search` takes a query and returns ids, `batch` takes several
// queries and returns ids of each. All run on one thread, and are exact unless `what` names a graph: then
// `encode` is the building of it.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { processorTime } from '../measure.mjs';
import { row, Top } from '../vector-data.mjs';

/** The result of `work`, and its rate: `count` per second. */
function timed(count, work) {
  const began = processorTime();
  const result = work();
  return [result, (count / (processorTime() - began)) * 1000];
}

const wasmBytes = (name, file) => readFileSync(new URL(file, import.meta.resolve(name)));

/** Views of the rows of a matrix. */
const views = (x, width) =>
  Array.from({ length: x.length / width }, (_, i) => x.subarray(i * width, (i + 1) * width));

/** int8 with a single scale for all values, which preserves the order of inner products. */
function int8(x, scale) {
  const out = new Int8Array(x.length);
  for (let i = 0; i < x.length; i++) {
    out[i] = Math.max(-127, Math.min(127, Math.round(x[i] * scale)));
  }
  return out;
}

function int8Scale(x) {
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]));
  return 127 / largest;
}

/** The best `k` of some rows by their float32 vectors. */
function rescored({ x, dims, k }, query, rows) {
  const top = new Top(k);
  for (const r of rows) {
    const at = r * dims;
    let sum = 0;
    for (let i = 0; i < dims; i++) sum += query[i] * x[at + i];
    if (sum > top.least) top.insert(sum, r);
  }
  return top.rows;
}

async function* fewbits({ x, dims, rows, k }) {
  const { load } = await import('fewbits');
  const fb = await load();
  const settings = [
    ['8 bits', { bits: 8 }],
    ['4 bits', { bits: 4 }],
    ["4 bits, 'fast'", { bits: 4, quality: 'fast' }],
    ['2 bits', { bits: 2 }],
    ['1 bit', { bits: 1 }],
    ['1 bit, 10x rescored with 8', { bits: 1, refine: 8 }],
  ];
  for (const [what, options] of settings) {
    const index = fb.createIndex({ dims, ...options });
    const [, encode] = timed(rows, () => {
      for (let at = 0; at < x.length; at += 1000 * dims) {
        index.add(x.subarray(at, at + 1000 * dims));
      }
    });
    yield {
      what,
      kind: 'wasm',
      bytes: index.byteLength / rows,
      encode,
      search: (query) => index.search(query, { k }).ids,
      batch: (queries) => index.searchBatch(queries, { k }).map(({ ids }) => ids),
      dispose: () => index.dispose(),
    };
  }
}

async function* usearch({ x, dims, rows, k, patience }) {
  const { Index, exactSearch } = (await import('usearch')).default;
  // It reads a view from the start of its buffer, so queries are passed as copies.
  const find = (set, queries) => exactSearch(set, queries, dims, k, 'ip', 1);
  const all = (found, n) => Array.from({ length: n }, (_, i) => found.get(i).keys);
  yield {
    what: 'exact search, f32',
    kind: 'native',
    bytes: dims * 4,
    search: (query) => find(x, query.slice()).keys,
    batch: (queries) => all(find(x, queries.slice()), queries.length / dims),
  };
  const scale = int8Scale(x);
  const [codes, encode] = timed(rows, () => int8(x, scale));
  yield {
    what: 'exact search, i8',
    kind: 'native',
    bytes: dims,
    encode,
    search: (query) => find(codes, int8(query, scale)).keys,
    batch: (queries) => all(find(codes, int8(queries, scale)), queries.length / dims),
  };
  const index = new Index(dims, 'ip', 'i8');
  const built = within(patience, rows, 1000, (from, to) => {
    const keys = BigUint64Array.from({ length: to - from }, (_, i) => BigInt(from + i));
    index.add(keys, x.slice(from * dims, to * dims), 1);
  });
  yield {
    what: 'HNSW graph, i8',
    kind: 'native',
    bytes: savedBytes(index) / index.size(),
    ...built,
    search: (query) => index.search(query.slice(), k, 1).keys,
  };
}

function savedBytes(index) {
  const folder = mkdtempSync(path.join(tmpdir(), 'fewbits-peers-'));
  try {
    const file = path.join(folder, 'index');
    index.save(file);
    return statSync(file).size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds a graph in steps until the time limit. */
function within(patience, rows, step, add) {
  const began = processorTime();
  let done = 0;
  while (done < rows && processorTime() - began < patience * 1000) {
    const to = Math.min(rows, done + step);
    add(done, to);
    done = to;
  }
  const seconds = (processorTime() - began) / 1000;
  const note =
    done < rows
      ? `given up: ${done} of ${rows} vectors after ${seconds.toFixed(0)} s`
      : `built in ${seconds.toFixed(1)} s`;
  return { encode: done / seconds, note, unfinished: done < rows };
}

async function* simsimd({ x, dims, rows, k }) {
  // If its native module does not load, it warns and continues in JavaScript.
  const { warn } = console;
  console.warn = (text) => {
    throw new Error(text);
  };
  const { dot } = await import('simsimd');
  console.warn = warn;
  const scan = (vectors) => (query) => {
    const top = new Top(k);
    for (let r = 0; r < vectors.length; r++) {
      const score = dot(query, vectors[r]);
      if (score > top.least) top.insert(score, r);
    }
    return top.rows;
  };
  yield {
    what: 'a call a vector, f32',
    kind: 'native',
    bytes: dims * 4,
    search: scan(views(x, dims)),
  };
  const scale = int8Scale(x);
  const [codes, encode] = timed(rows, () => int8(x, scale));
  const find = scan(views(codes, dims));
  yield {
    what: 'a call a vector, i8',
    kind: 'native',
    bytes: dims,
    encode,
    search: (query) => find(int8(query, scale)),
  };
}

async function* rabitq({ x, dims, rows, k }) {
  const { initSync, RabitqIndex } = await import('@ruvector/rabitq-wasm');
  const module = wasmBytes('@ruvector/rabitq-wasm', 'ruvector_rabitq_wasm_bg.wasm');
  const { memory } = initSync({ module });
  const before = memory.buffer.byteLength;
  // The setting that its documentation recommends: 20 times as many candidates, rescored.
  const [index, encode] = timed(rows, () => RabitqIndex.build(x, dims, 42n, 20));
  yield {
    what: '1 bit, 20x rescored',
    kind: 'wasm',
    bytes: (memory.buffer.byteLength - before) / rows,
    note: 'bytes: growth of its memory',
    encode,
    search: (query) =>
      index.search(query, k).map((hit) => {
        const { id } = hit;
        hit.free();
        return id;
      }),
    dispose: () => index.free(),
  };
}

function population(word) {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The rows nearest to a code by the number of equal bits. */
function hamming(codes, query, n) {
  const words = query.length;
  const top = new Top(n);
  for (let r = 0, at = 0; at < codes.length; r++, at += words) {
    let distance = 0;
    for (let i = 0; i < words; i++) distance += population(codes[at + i] ^ query[i]);
    if (-distance > top.least) top.insert(-distance, r);
  }
  return top.rows;
}

async function binaryCoder(dims) {
  const { quantize_embeddings: quantize, Tensor } = await import('@huggingface/transformers');
  return (x) => quantize(new Tensor('float32', x, [x.length / dims, dims]), 'ubinary').data;
}

async function* transformers(set) {
  const { x, dims, rows, k } = set;
  const code = await binaryCoder(dims);
  const [codes, encode] = timed(rows, () => code(x));
  const words = (bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const coded = words(codes);
  yield {
    what: 'binary, Hamming loop',
    kind: 'js',
    bytes: dims / 8,
    encode,
    search: (query) => hamming(coded, words(code(query)), k),
  };
  yield {
    what: 'binary, Hamming loop, 10x rescored with f32',
    kind: 'js',
    bytes: dims / 8 + dims * 4,
    encode,
    search: (query) => rescored(set, query, hamming(coded, words(code(query)), 10 * k)),
  };
}

async function* edgevec(set) {
  const { x, dims, rows, k, patience } = set;
  const { EdgeVec, EdgeVecConfig, initSync, JsIndexType, MetricType } = await import('edgevec');
  initSync({ module: wasmBytes('edgevec', 'edgevec_bg.wasm') });
  const create = (type, metric) => {
    const config = new EdgeVecConfig(dims);
    config.indexType = JsIndexType[type];
    config.setMetricType(MetricType[metric]);
    return new EdgeVec(config);
  };
  const code = await binaryCoder(dims);
  const flat = create('Flat', 'Hamming');
  const [inserted, encode] = timed(rows, () =>
    views(code(x), dims / 8).map((vector) => flat.insertBinary(vector)),
  );
  const ids = (hits) => hits.map(({ id }) => id - inserted[0]);
  yield {
    what: 'flat, binary',
    kind: 'wasm',
    bytes: flat.memoryUsage() / rows,
    encode,
    search: (query) => ids(flat.searchBinary(code(query), k)),
  };
  yield {
    what: 'flat, binary, 10x rescored with f32',
    kind: 'wasm',
    bytes: flat.memoryUsage() / rows + dims * 4,
    encode,
    search: (query) => rescored(set, query, ids(flat.searchBinary(code(query), 10 * k))),
    dispose: () => flat.free(),
  };
  // By squared distance, which gives the same order for vectors of norm 1: with its metrics for inner
  // products, the graph of this version finds the farthest.
  const graph = create('Hnsw', 'L2');
  let origin;
  const built = within(patience, rows, 100, (from, to) => {
    for (let r = from; r < to; r++) {
      const id = graph.insert(row(x, dims, r));
      origin ??= id;
    }
  });
  yield {
    what: 'HNSW graph, f32',
    kind: 'wasm',
    bytes: graph.memoryUsage() / graph.liveCount(),
    ...built,
    search: (query) => graph.search(query, k).map(({ id }) => id - origin),
  };
}

async function* hnswlib({ x, dims, rows, k, patience }) {
  // Built for pages only; a global `window` is enough for its WebAssembly.
  globalThis.window = globalThis;
  const { loadHnswlib } = await import('hnswlib-wasm/dist/hnswlib.js');
  const library = await loadHnswlib();
  const index = new library.HierarchicalNSW('ip', dims, '');
  index.initIndex(rows, 16, 200, 100);
  const vectors = views(x, dims);
  const built = within(patience, rows, 100, (from, to) =>
    index.addItems(vectors.slice(from, to), false),
  );
  index.setEfSearch(100);
  yield {
    what: 'HNSW graph, f32, M 16, ef 200 and 100',
    kind: 'wasm',
    ...built,
    search: (query) => index.searchKnn(query, k, undefined).neighbors,
  };
}

async function* orama({ x, dims, rows, k }) {
  const { create, insert, searchVector } = await import('@orama/orama');
  const database = create({ schema: { vector: `vector[${dims}]` } });
  const began = processorTime();
  for (let r = 0; r < rows; r++) {
    await insert(database, { id: String(r), vector: Array.from(row(x, dims, r)) });
  }
  const encode = (rows / (processorTime() - began)) * 1000;
  yield {
    what: 'exact search, f32',
    kind: 'js',
    bytes: dims * 4,
    encode,
    search: (value) => {
      const options = { vector: { value, property: 'vector' }, limit: k, similarity: 0 };
      return searchVector(database, options).hits.map(({ id }) => id);
    },
  };
}

export const packages = {
  fewbits,
  usearch,
  simsimd,
  '@ruvector/rabitq-wasm': rabitq,
  '@huggingface/transformers': transformers,
  edgevec,
  'hnswlib-wasm': hnswlib,
  '@orama/orama': orama,
};
