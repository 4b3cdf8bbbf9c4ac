// Addresses from which the package's own workers start: the same origin, another one, and those that bundlers
// produce.

import { resolveObjectURL } from 'node:buffer';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { webSource } from '../../web/dist/worker/own.js';

const started: string[] = [];

beforeEach(() => {
  started.length = 0;
  vi.stubGlobal('location', new URL('https://app.example/page/'));
  vi.stubGlobal(
    'Worker',
    class {
      constructor(address: string) {
        started.push(String(address));
      }
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

type Make = Parameters<typeof webSource>[0];

/** A URL whose text is relative, as Turbopack and webpack substitute for `new URL(...)`. */
class RelativeUrl extends URL {
  readonly relative: string;
  constructor(relative: string) {
    super(relative, 'https://nowhere.example');
    this.relative = relative;
  }
  override get href(): string {
    return this.relative;
  }
  override toString(): string {
    return this.relative;
  }
}

const source = (address: URL) =>
  webSource(((Class) => new Class(address, { type: 'module' })) as Make, import.meta.url);

it.each([
  ['of the same origin', new URL('https://app.example/a.js'), 'https://app.example/a.js'],
  ['in a Blob', new URL('blob:https://app.example/1-2-3'), 'blob:https://app.example/1-2-3'],
  ['in the address', new URL('data:text/javascript,0'), 'data:text/javascript,0'],
  ['relative to the origin', new RelativeUrl('/static/a.js'), 'https://app.example/static/a.js'],
  ['relative to the page', new RelativeUrl('a.js'), 'https://app.example/page/a.js'],
])('a script %s starts as it is', (_, address, expected) => {
  source(address).create();
  expect(started).toEqual([expected]);
});

it('a script of another origin is imported by a Blob, one for all workers', async () => {
  const address = new URL('https://cdn.example/fewbits/worker.js');
  const { create, address: named } = source(address);
  create();
  create();
  expect(named).toBe(address.href);
  expect(new Set(started).size).toBe(1);
  expect(started[0]).toMatch(/^blob:/);
  const text = await resolveObjectURL(started[0])?.text();
  expect(text).toBe('await import("https://cdn.example/fewbits/worker.js");');
});

it('a worker that is a Blob itself starts others', () => {
  vi.stubGlobal('location', new URL('blob:https://app.example/1-2-3'));
  source(new RelativeUrl('/static/a.js')).create();
  source(new URL('https://app.example/b.js')).create();
  expect(started).toEqual(['https://app.example/static/a.js', 'https://app.example/b.js']);
});
