#!/usr/bin/env bash
# apache-arrow for JavaScript wraps numbers beyond float16: 65536 becomes 2, 100000 becomes 3.05, 1e9 becomes 3.72.
# version: apache-arrow 21.2.0 (npm), Node 20 or later
# source: vectorFromArray(numbers, new Float16())
# seen: 65536 -> 2, 1e5 -> 3.05078125, -1e5 -> -3.05078125, 1e9 -> 3.724609375, where IEEE 754 gives infinity; only
#   values from 65520 to 65535 do become infinity. Ties are rounded up instead of to even: 1 + 2^-11 -> 1.0009765625
#   instead of 1, 2049 -> 2050 instead of 2048.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"private":true}' > package.json
npm install --silent --no-audit --no-fund apache-arrow@21.2.0
cat > try.mjs <<'JAVASCRIPT'
import assert from 'node:assert/strict';
import { Float16, vectorFromArray } from 'apache-arrow';

const vector = vectorFromArray([65520, 65536, 1e5, -1e5, 1e9, 1 + 2 ** -11, 2049], new Float16());
const read = [...vector];
console.log(read.join(' '));
// By IEEE 754: Infinity, Infinity, Infinity, -Infinity, Infinity, 1, 2048.
assert.deepEqual(read, [
  Infinity, 2, 3.05078125, -3.05078125, 3.724609375, 1.0009765625, 2050,
]);
JAVASCRIPT
node try.mjs
