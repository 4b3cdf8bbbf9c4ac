#!/usr/bin/env bash
# voy-search compares only the first 768 dimensions; longer vectors are silently accepted and searched.
# version: voy-search 0.6.3 (npm), Node 20 or later
# source: new Voy({ embeddings }) and search(query, k)
# seen: recall@10 among 300 random unit vectors is 1 at 384 and 768 dimensions, .52 at 1,024 and .32 at 1,536: exactly
#   the neighbours by the first 768 values.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"private":true}' > package.json
npm install --silent --no-audit --no-fund voy-search@0.6.3
cat > try.mjs <<'JAVASCRIPT'
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
// The package imports its module as bundlers understand it; in Node it is given by hand.
import * as voy from './node_modules/voy-search/voy_search_bg.js';

const wasm = readFileSync('node_modules/voy-search/voy_search_bg.wasm');
const { instance } = await WebAssembly.instantiate(wasm, { './voy_search_bg.js': voy });
voy.__wbg_set_wasm(instance.exports);

let seed = 1;
const random = () => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return seed / 0x7fffffff - 0.5;
};
function unit(dims) {
  const vector = Array.from({ length: dims }, random);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}
const nearest = (vectors, query, dims) =>
  vectors
    .map((vector, id) => {
      const distance = vector.slice(0, dims).reduce((sum, x, i) => sum + (x - query[i]) ** 2, 0);
      return { id: String(id), distance };
    })
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 10)
    .map(({ id }) => id);

for (const [dims, low, high] of [[384, 1, 1], [768, 1, 1], [1024, 0.3, 0.6], [1536, 0.2, 0.45]]) {
  const vectors = Array.from({ length: 300 }, () => unit(dims));
  const embeddings = vectors.map((vector, id) => ({
    id: String(id),
    title: '',
    url: '',
    embeddings: vector,
  }));
  const index = new voy.Voy({ embeddings });
  const share = { all: 0, first: 0 };
  for (let turn = 0; turn < 30; turn++) {
    const query = unit(dims);
    const found = index.search(new Float32Array(query), 10).neighbors.map(({ id }) => id);
    const count = (wanted) => found.filter((id) => wanted.includes(id)).length / 300;
    share.all += count(nearest(vectors, query, dims));
    share.first += count(nearest(vectors, query, 768));
  }
  console.log(dims, 'recall@10', share.all.toFixed(2), 'by the first 768', share.first.toFixed(2));
  assert.ok(share.all >= low - 1e-9 && share.all <= high + 1e-9 && share.first > 0.999);
}
JAVASCRIPT
node try.mjs
