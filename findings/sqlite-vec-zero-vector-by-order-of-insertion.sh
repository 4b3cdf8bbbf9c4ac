#!/usr/bin/env bash
# A zero vector in sqlite-vec has cosine distance NULL and ranks by insertion order, even before an equal vector.
# version: sqlite-vec 0.1.9 and better-sqlite3 12.11.1 (npm)
# source: vec0(e float[2] distance_metric=cosine), MATCH with k
# seen: rows [0,0], [1,0], query [1,0], k = 1: the result is the zero row, distance NULL. Inserted after [0,1] and
#   before [1,0], it is not among the best two. vec_normalize('[0,0]') is [null,null].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"type":"module","private":true}' > package.json
npm install --silent --no-audit --no-fund sqlite-vec@0.1.9 better-sqlite3@12.11.1
cat > try.js <<'JAVASCRIPT'
import assert from 'node:assert';
import Database from 'better-sqlite3';
import { load } from 'sqlite-vec';

function nearest(vectors, k) {
  const db = new Database(':memory:');
  load(db);
  db.exec('CREATE VIRTUAL TABLE t USING vec0(e float[2] distance_metric=cosine)');
  const insert = db.prepare('INSERT INTO t(e) VALUES (?)');
  for (const vector of vectors) insert.run(vector);
  const rows = db.prepare("SELECT rowid, distance FROM t WHERE e MATCH '[1,0]' AND k = ?").all(k);
  return rows.map(({ rowid, distance }) => [vectors[rowid - 1], distance]);
}

const first = nearest(['[0,0]', '[1,0]'], 1);
const between = nearest(['[0,1]', '[0,0]', '[1,0]', '[0.9,0.1]'], 2).map(([vector]) => vector);
console.log('inserted first:', first, 'inserted second:', between);
assert.deepEqual(first, [['[0,0]', null]], 'it has changed');
assert.deepEqual(between, ['[1,0]', '[0.9,0.1]'], 'it has changed');
JAVASCRIPT
node try.js
