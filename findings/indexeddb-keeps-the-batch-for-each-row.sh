#!/usr/bin/env bash
# One row of a transformers.js batch, put into IndexedDB by Dexie, takes as much space as the whole batch.
# version: @huggingface/transformers 4.3.2, dexie 4.4.7 (npm); Chromium (playwright-core 1.65.1 drives the one in
#   CHROMIUM or /usr/bin/chromium), Node 20 or later
# source: the usual loop, `for (const row of await embed(texts)) await table.put({ id, vector: row.data })`
# seen: rows of a tensor are views of its buffer, and a structured clone of a view contains the whole buffer: 200 rows
#   of 384 floats, 0.3 MB, become 61 MB, and each row that is read back has a buffer of 0.3 MB. Tensor.slice(i)
#   copies, tensor[i] and loops do not; `row.data.slice()` before put() is enough. postMessage() without a transfer
#   list does the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts \
  @huggingface/transformers@4.3.2 dexie@4.4.7 esbuild@0.28.2 playwright-core@1.65.1
cat > page.js <<'JAVASCRIPT'
import Dexie from 'dexie';

// Rows like those of a tensor, at the given places.
globalThis.run = async ({ rows, places, copy }) => {
  const batch = Float32Array.from({ length: rows * 384 }, Math.random);
  const db = new Dexie(`rows ${copy}`);
  db.version(1).stores({ rows: 'id' });
  const before = (await navigator.storage.estimate()).usage;
  for (const [id, [start, end]] of places.entries()) {
    const vector = batch.subarray(start, end);
    await db.rows.put({ id, vector: copy ? vector.slice() : vector });
  }
  const { vector } = await db.rows.get(5);
  const used = (await navigator.storage.estimate()).usage - before;
  return { length: vector.length, buffer: vector.buffer.byteLength, used: Math.round(used / 1e6) };
};
JAVASCRIPT
npx esbuild page.js --bundle --outfile=page.bundle.js --log-level=error
cat > try.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Tensor } from '@huggingface/transformers';
import { chromium } from 'playwright-core';

const rows = 200;
const batch = new Tensor('float32', new Float32Array(rows * 384), [rows, 384]);
const places = [...batch].map(({ data }) => [data.byteOffset / 4, data.byteOffset / 4 + data.length]);
const shared = [...batch].every(({ data }) => data.buffer === batch.data.buffer);
const sliced = batch.slice(5).data.buffer.byteLength;

const server = createServer((_, response) => {
  response.setHeader('Content-Type', 'text/html');
  response.end(`<script>${readFileSync('page.bundle.js', 'utf8').replaceAll('</script', '<\\/script')}</script>`);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}`);
const views = await page.evaluate((given) => run(given), { rows, places, copy: false });
const copies = await page.evaluate((given) => run(given), { rows, places, copy: true });
console.log({ shared, sliced, views, copies });
await browser.close();
const is = shared && sliced === 384 * 4 && views.buffer === rows * 384 * 4 && views.used > 50 && copies.used < 5;
if (!is) throw new Error('it has changed');
process.exit();
JAVASCRIPT
node try.mjs
