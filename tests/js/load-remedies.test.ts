// Advice in loading errors, depending on where the file was and what went wrong.

import { readFileSync } from 'node:fs';
import { load } from 'fewbits';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../support/builds.ts';

const dist = new URL('../../web/dist/', import.meta.url);
const simd128 = readFileSync(new URL('fewbits.simd128.wasm', dist));

afterEach(() => vi.unstubAllGlobals());

describe('in Node', () => {
  it('a server component of Next is told how its files stay where they are', async () => {
    const error = await failure(load({ wasm: '/_next/static/media/fewbits.simd128.1iqn6.wasm' }));
    expect(error.code).toBe('LOAD_FAILED');
    expect(error.message).toMatch(/serverExternalPackages: \['fewbits'\]/);
  });

  it.each<[string, string, RegExp]>([
    ['Node', 'Access to this API has been restricted', /add --allow-fs-read/],
    ['Deno', 'Requires read access to "/a.wasm"', /add --allow-read/],
  ])('a process of %s that may not read is told how', async (_, reason, remedy) => {
    vi.stubGlobal('fetch', () => Promise.reject(new Error(reason)));
    const error = await failure(load({ wasm: 'https://localhost/a.wasm' }));
    expect(error.code).toBe('LOAD_FAILED');
    expect(error.message).toMatch(remedy);
  });

  it('a promise that is rejected is named', async () => {
    const error = await failure(load({ wasm: Promise.reject(new Error('offline')) }));
    expect(error.code).toBe('LOAD_FAILED');
    expect(error.message).toMatch(/promise passed as wasm was rejected: offline; /);
  });
});

it('where nothing may be compiled, a module is asked for', async () => {
  const forbid = () =>
    Promise.reject(new WebAssembly.CompileError('Wasm code generation disallowed by embedder'));
  vi.stubGlobal('WebAssembly', Object.create(WebAssembly, { compile: { value: forbid } }));
  expect((await failure(load({ wasm: Uint8Array.from(simd128) }))).message).toMatch(
    /import fewbits\/fewbits\.simd128\.wasm as a module .*load\(\{ wasm: module \}\)/,
  );
});

describe('in a page', () => {
  it.each<[string, string, RegExp]>([
    [
      'http://localhost/node_modules/.vite/deps/fewbits.simd128.wasm',
      '',
      /optimizeDeps: \{ exclude: \['fewbits'\] \}/,
    ],
    ['http://localhost/assets/fewbits.simd128.wasm', 'Failed to fetch', /CORS.*connect-src/],
    ['file:///app/fewbits.simd128.wasm', 'Failed to fetch', /serve the page by HTTP/],
    ['http://localhost/fewbits.simd128.wasm', 'fetch is not defined', /pass the bytes/],
    ['http://localhost/fewbits.simd128.wasm', '', /give their address: load\(\{ wasm: url \}\)/],
  ])('says what to do: %s %s', async (wasm, reason, remedy) => {
    const page = () =>
      Promise.resolve(
        new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } }),
      );
    vi.stubGlobal('fetch', reason === '' ? page : () => Promise.reject(new TypeError(reason)));
    const { load: fresh } = await import(`${dist.href}index.js?${Math.random()}`);
    const { code, message } = await failure(fresh({ wasm }));
    expect(code).toBe('LOAD_FAILED');
    expect(message).toContain(wasm);
    expect(message).toMatch(remedy);
  });
});

it('bytes need nothing of the web', async () => {
  vi.stubGlobal('Response', undefined);
  vi.stubGlobal('fetch', undefined);
  expect((await load({ wasm: simd128.slice() })).variant).toBe('simd128');
  expect(await failure(load({ wasm: {} as Response }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('wasm must be a WebAssembly.Module, its bytes, a Response'),
  });
  expect(await failure(load({ wasm: 'https://localhost/a.wasm' }))).toMatchObject({
    code: 'LOAD_FAILED',
    message: expect.stringContaining('there is no fetch here: pass the bytes of the file'),
  });
});
