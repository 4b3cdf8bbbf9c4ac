#!/usr/bin/env bash
# The value that bundlers substitute for `new URL('./file', import.meta.url)` may look like a URL but be refused as one.
# version: webpack 5.113.0 (npm) with module.parser.javascript.url 'relative', Node 20 or later; the same in Next
#   16.4.6 by itself
# source: webpack's RelativeURL, an object whose prototype is URL.prototype; Turbopack and webpack in Next
# seen: `url instanceof URL` is true and its href is '/static/<hash>.wasm'. new URL(url) throws "Invalid URL",
#   fs.readFile(url) "must be ... an instance of Buffer or URL. Received an instance of URL". fetch(url) works in a
#   page. Server components of Next get such a URL, so a package cannot find its files.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"private":true}' > package.json
npm install --silent --no-audit --no-fund webpack@5.113.0 webpack-cli@6.0.1
printf 'data' > data.wasm
cat > main.mjs <<'JAVASCRIPT'
import { readFile } from 'node:fs/promises';
const url = new URL('./data.wasm', import.meta.url);
const outcome = (work) => Promise.resolve().then(work).then(() => 'passed', (error) => error.message);
console.log('instanceof URL:', url instanceof URL, 'href:', url.href);
const again = await outcome(() => new URL(url));
const read = await outcome(() => readFile(url));
console.log('new URL(url):', again);
console.log('readFile(url):', read);
if (!(url instanceof URL) || !/Invalid URL/.test(again) || !/Received an instance of/.test(read)) {
  throw new Error('it has changed');
}
JAVASCRIPT
cat > webpack.config.mjs <<'JAVASCRIPT'
export default {
  mode: 'production',
  target: 'node',
  entry: './main.mjs',
  output: { filename: 'main.cjs', publicPath: '/static/' },
  module: { parser: { javascript: { url: 'relative' } } },
};
JAVASCRIPT
npx webpack > log || { cat log; exit 1; }
node dist/main.cjs
