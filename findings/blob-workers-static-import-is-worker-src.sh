#!/usr/bin/env bash
# A static import in a module worker from a Blob needs permission by worker-src; a dynamic import, by script-src.
# version: Chromium (playwright-core 1.65.1 drives the one in CHROMIUM or /usr/bin/chromium), Node 20 or later
# source: the usual way to start a worker whose script is on a CDN, under Content-Security-Policy "worker-src blob:;
#   script-src ... CDN"
# seen: `import "CDN/worker.js"` in the Blob is refused, with an error event that has no message; `await import(...)`
#   of the same address works. A worker's static imports are fetched with the destination 'worker', dynamic ones with
#   'script'.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"private":true}' > package.json
npm install --silent --no-audit --no-fund playwright-core@1.65.1
cat > try.mjs <<'JAVASCRIPT'
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const listen = (headers, body) =>
  new Promise((resolve) => {
    const server = createServer((_, response) => response.writeHead(200, headers).end(body));
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
const cdn = await listen(
  { 'Content-Type': 'text/javascript', 'Access-Control-Allow-Origin': '*' },
  'postMessage("runs");',
);
const policy = `default-src 'none'; script-src 'unsafe-inline' ${cdn}; worker-src blob:`;
const page = await listen({ 'Content-Type': 'text/html', 'Content-Security-Policy': policy }, '<p>');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath });
const tab = await browser.newPage();
await tab.goto(page);
const outcome = (text) =>
  tab.evaluate(
    (script) =>
      new Promise((resolve) => {
        const blob = new Blob([script], { type: 'text/javascript' });
        const worker = new Worker(URL.createObjectURL(blob), { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => resolve(`refused, message ${message}`);
      }),
    text,
  );
const fixed = await outcome(`import "${cdn}/worker.js";`);
const dynamic = await outcome(`await import("${cdn}/worker.js");`);
console.log(await browser.version(), 'static:', fixed, 'dynamic:', dynamic);
await browser.close();
if (!fixed.startsWith('refused') || dynamic !== 'runs') throw new Error('it has changed');
process.exit();
JAVASCRIPT
node try.mjs
