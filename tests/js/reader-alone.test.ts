// The reader in minimal environments: without WebAssembly, without TextDecoder, or with one that is not strict,
// as in React Native.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { load } from 'fewbits';
import { describe, expect, it } from 'vitest';
// Modules that the package does not export.
import { utf8Decoder } from '../../web/dist/core/text.js';
import { noise } from '../support/builds.ts';

const fb = await load();

it('it runs where there is no WebAssembly, and in contexts that have little but the language', async () => {
  const program = new URL('../support/reader-alone.mjs', import.meta.url).pathname;
  // With an id that is not ASCII.
  const path = new URL('../golden/before/cosine-4.index.safetensors', import.meta.url);
  const args = ['--experimental-vm-modules', '--no-warnings', program, path.pathname];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  expect(stderr).toBe('');
  const query = noise(12);
  using index = fb.openIndex(readFileSync(path));
  const { ids, scores } = index.search(query, { k: 3 });
  const expected = { ids: ids.map(String), scores: [...scores], first: 'page 0 ü' };
  expect(JSON.parse(stdout)).toEqual({
    alone: expected,
    bare: expected,
    lenient: expected,
    strict: expected,
    worker: expected,
  });
});

describe('text of UTF-8', () => {
  const decoders = () => {
    const native = utf8Decoder();
    const { TextDecoder } = globalThis;
    try {
      Object.assign(globalThis, { TextDecoder: undefined });
      return { native, escapes: utf8Decoder() };
    } finally {
      Object.assign(globalThis, { TextDecoder });
    }
  };
  const { native, escapes } = decoders();

  it('is the same without TextDecoder', () => {
    expect(escapes).not.toBe(native);
    for (const text of [
      '',
      'a%20b%',
      '\u0000\u007f',
      '\ufeffé文',
      '\u{10ffff}\u{1f600}',
      '\ud7ff\ue000',
    ]) {
      const bytes = new TextEncoder().encode(text);
      expect(escapes(bytes)).toBe(text);
      expect(native(bytes)).toBe(text);
    }
  });

  it('is refused where there is none', () => {
    const broken = [
      ...[[0x80], [0xc3], [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xff]],
      ...[
        [0xf4, 0x90, 0x80, 0x80],
        [0xf0, 0x80, 0x80, 0x80],
        [0x61, 0xe6, 0x96],
      ],
    ];
    for (const bytes of broken) {
      expect(() => native(Uint8Array.from(bytes))).toThrow();
      expect(() => escapes(Uint8Array.from(bytes))).toThrow();
    }
  });
});
