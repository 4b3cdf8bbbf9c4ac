// Browser and servers for tests: `npm test` names the browser in CHROMIUM; servers are local and serve a
// folder of files. (Vitest rewrites `import()` in this code, so imports of a page are passed to `evaluate` as
// a string, or are in a script of the page.)

import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

/** Starts the browser; the caller closes it. */
export function launch(options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = process.env.CHROMIUM;
  if (!executablePath) throw new Error('CHROMIUM is not set: run this through npm test');
  return chromium.launch({ executablePath, ...options });
}

const types: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

export interface Served {
  /** The address of the folder, with a trailing slash. */
  url: string;
  /** The requested paths below that folder, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Serves `folder` under the sub-path `base`, with `headers` on every answer. */
export async function serve(
  folder: string,
  { base = '/', headers = {} }: { base?: string; headers?: Record<string, string> } = {},
): Promise<Served> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const name = decodeURIComponent(pathname);
    requests.push(name.slice(base.length));
    let file = path.join(folder, name.startsWith(base) ? name.slice(base.length) : '\0');
    try {
      if (!path.resolve(file).startsWith(path.resolve(folder))) throw new Error('outside');
      if ((await stat(file)).isDirectory()) file = path.join(file, 'index.html');
      const body = await readFile(file);
      const type = types[path.extname(file)] ?? 'application/octet-stream';
      response.writeHead(200, { 'Content-Type': type, ...headers }).end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${base}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
