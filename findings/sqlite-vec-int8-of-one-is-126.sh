#!/usr/bin/env bash
# vec_quantize_int8(..., 'unit') of sqlite-vec truncates: 1 becomes 126, -1 becomes -128, 0.004 becomes 0, -0.004 -1.
# version: sqlite-vec 0.1.9 and better-sqlite3 12.11.1 (npm)
# source: vec_quantize_int8(vector, 'unit')
# seen: [0, 1, -1, 0.5, -0.5, 0.004, -0.004] becomes [0, 126, -128, 63, -64, 0, -1]: the codes of a vector and its
#   negative are not negatives of each other, and 127 is never reached. The codes cannot be mixed with those of other
#   int8 formats.
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

const db = new Database(':memory:');
load(db);
const { codes } = db
  .prepare("SELECT vec_to_json(vec_quantize_int8('[0,1,-1,0.5,-0.5,0.004,-0.004]', 'unit')) AS codes")
  .get();
console.log(codes);
assert.equal(codes, '[0,126,-128,63,-64,0,-1]', 'it has changed');
JAVASCRIPT
node try.js
