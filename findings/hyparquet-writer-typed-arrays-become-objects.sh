#!/usr/bin/env bash
# hyparquet-writer stores Float32Arrays as JSON objects, {"0":0.1,"1":...}, or refuses them as lists of floats.
# version: hyparquet-writer 0.17.0, hyparquet 1.33.0 (npm), Node 20 or later
# source: parquetWriteBuffer({ columnData: [{ name, data: [Float32Array, ...] }], schema })
# seen: without a schema plain arrays come back as arrays, but typed arrays as objects with the keys "0", "1", ...,
#   without a warning; with a schema for a list, plain arrays are stored as float32, but typed arrays raise "repeated
#   field list must be an array".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"private":true}' > package.json
npm install --silent --no-audit --no-fund hyparquet-writer@0.17.0 hyparquet@1.33.0
cat > try.mjs <<'JAVASCRIPT'
import assert from 'node:assert/strict';
import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';

const schema = [
  { name: 'root', num_children: 1 },
  { name: 'vector', repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'REQUIRED', type: 'FLOAT' },
];
async function back(data, options = {}) {
  const file = parquetWriteBuffer({ columnData: [{ name: 'vector', data: [data] }], ...options });
  const [{ vector }] = await parquetReadObjects({ file });
  return vector;
}
const typed = await back(new Float32Array([0.5, 2]));
const plain = await back([0.5, 2]);
const listed = await back([0.5, 2], { schema });
const refused = await back(new Float32Array([0.5, 2]), { schema }).catch(({ message }) => message);
console.log(JSON.stringify({ typed, plain, listed, refused }));
assert.deepEqual(typed, { 0: 0.5, 1: 2 });
assert.deepEqual([plain, listed], [[0.5, 2], [0.5, 2]]);
assert.match(refused, /must be an array/);
JAVASCRIPT
node try.mjs
