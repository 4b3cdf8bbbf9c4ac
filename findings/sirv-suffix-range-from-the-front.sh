#!/usr/bin/env bash
# sirv, also used by Vite's preview, answers 'the last 10 bytes' with the first 11; http-server refuses the request.
# version: sirv 3.0.2, http-server 14.1.1, serve-handler 6.1.7 (npm)
# source: the header 'Range: bytes=-10' for a file of 1,000 bytes (RFC 9110, 14.1.2: a suffix range)
# seen: sirv: 206, 'Content-Range: bytes 0-10/1000', bytes 0 to 10. http-server: 416 without Content-Range.
#   serve-handler: 206, 'bytes 990-999/1000', as the RFC says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '{"type":"module","private":true}' > package.json
npm install --silent --no-audit --no-fund sirv@3.0.2 http-server@14.1.1 serve-handler@6.1.7
cat > try.js <<'JAVASCRIPT'
import assert from 'node:assert';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import httpServer from 'http-server';
import handler from 'serve-handler';
import sirv from 'sirv';

mkdirSync('files');
writeFileSync('files/a.bin', Uint8Array.from({ length: 1000 }, (_, i) => i % 251));

async function lastTen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = (server.server ?? server).address();
  const answer = await new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/a.bin', headers: { Range: 'bytes=-10' } };
    http.get(options, (response) => {
      let bytes = 0;
      response.on('data', (chunk) => (bytes += chunk.length));
      response.on('end', () =>
        resolve([response.statusCode, response.headers['content-range'] ?? 'none', bytes]),
      );
    }).on('error', reject);
  });
  server.close();
  return answer.join(' ');
}

const seen = {
  sirv: await lastTen(http.createServer(sirv('files'))),
  'http-server': await lastTen(httpServer.createServer({ root: 'files' })),
  serve: await lastTen(http.createServer((req, res) => handler(req, res, { public: 'files' }))),
};
console.log(seen);
assert.equal(seen.sirv, '206 bytes 0-10/1000 11', 'sirv has changed');
assert.equal(seen['http-server'], '416 none 0', 'http-server has changed');
assert.equal(seen.serve, '206 bytes 990-999/1000 10');
process.exit(0);
JAVASCRIPT
node try.js
