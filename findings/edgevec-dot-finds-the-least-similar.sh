#!/usr/bin/env bash
# edgevec's metrics 'dot' and 'cosine' find the least similar vectors: the smallest product counts as nearest.
# version: edgevec 0.9.0 (npm), Node 20 or later
# source: EdgeVecConfig.metric, insert(), search(query, k)
# seen: among 500 unit vectors none of the ten results of 'dot' or 'cosine' is one of the ten most similar, and every
#   score is negative; 'l2' finds the right ten. The types describe the metric as 'Dot product (converted to
#   distance)'.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"private":true}' > package.json
npm install --silent --no-audit --no-fund edgevec@0.9.0
cat > try.mjs <<'JAVASCRIPT'
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import init, { EdgeVec, EdgeVecConfig } from './node_modules/edgevec/edgevec.js';

await init({ module_or_path: readFileSync('node_modules/edgevec/edgevec_bg.wasm') });
let seed = 7;
const random = () => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return seed / 0x7fffffff - 0.5;
};
function unit() {
  const vector = Float32Array.from({ length: 32 }, random);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}
const product = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

for (const metric of ['l2', 'dot', 'cosine']) {
  const config = new EdgeVecConfig(32);
  config.metric = metric;
  const index = new EdgeVec(config);
  const vectors = Array.from({ length: 500 }, unit);
  const ids = vectors.map((vector) => index.insert(vector));
  let most = 0;
  let highest = -Infinity;
  for (let turn = 0; turn < 50; turn++) {
    const query = unit();
    const ranked = [...ids.keys()].sort(
      (a, b) => product(vectors[b], query) - product(vectors[a], query),
    );
    for (const { id } of index.search(query, 10)) {
      const row = ids.indexOf(id);
      if (ranked.indexOf(row) < 10) most++;
      highest = Math.max(highest, product(vectors[row], query));
    }
  }
  console.log(metric, 'recall@10', most / 500, 'highest product of a hit', highest.toFixed(3));
  if (metric === 'l2') assert.ok(most / 500 > 0.99);
  else assert.ok(most === 0 && highest < 0);
}
JAVASCRIPT
node try.mjs
