// The reader in minimal environments: without WebAssembly, without TextDecoder, or with one that is not strict,
// as in React Native.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { load, loadSync } from 'fewbits';
import { openIndex } from 'fewbits/reader';
import { describe, expect, it, vi } from 'vitest';
// Modules that the package does not export.
import { encodeUtf8, utf8Decoder } from '../../web/dist/core/text.js';
import { insideOf } from '../../web/dist/load/load.js';
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

/** Does `work` where text has no coders, as in React Native and jsdom. */
function without<T>(work: () => T): T {
  vi.stubGlobal('TextDecoder', undefined);
  vi.stubGlobal('TextEncoder', undefined);
  try {
    return work();
  } finally {
    vi.unstubAllGlobals();
  }
}

describe('text of UTF-8', () => {
  const TEXTS = [
    ...['', 'a%20b%', '\u0000\u007f', '\ufeffé文', '\u{10ffff}\u{1f600}', '\ud7ff\ue000'],
    '{"a":[1,"\\n"]}',
  ];
  const native = utf8Decoder();
  const escapes = without(utf8Decoder);

  it('is the same without TextDecoder', () => {
    expect(escapes).not.toBe(native);
    for (const text of TEXTS) {
      const bytes = new TextEncoder().encode(text);
      expect(escapes(bytes)).toBe(text);
      expect(native(bytes)).toBe(text);
      expect(without(() => encodeUtf8(text))).toEqual(bytes);
      expect(encodeUtf8(text)).toEqual(bytes);
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

it('indexes of any build are saved and opened without coders of text', () => {
  const ids = ['é 1', '文', 3, 4n, 'plain'];
  const x = noise(5 * 8);
  const save = () => {
    using index = fb.createIndex({ dims: 8, refine: 8 });
    index.add(x, ids);
    return index.save();
  };
  const file = save();
  without(() => {
    expect(Buffer.compare(save(), file)).toBe(0);
    using again = fb.openIndex(file);
    expect([...again.ids()]).toEqual(ids);
    expect([...openIndex(file).ids()]).toEqual(ids);
    // In Node; browsers have TextDecoder.
    expect(loadSync(insideOf(fb).module).variant).toBe(fb.variant);
  });
});

it('a file in shared memory is opened where decoders refuse that, as in Chromium', () => {
  using index = fb.createIndex({ dims: 2 });
  index.add([1, 2], ['é']);
  const file = index.save();
  const shared = new Uint8Array(new SharedArrayBuffer(file.length));
  shared.set(file);
  class Strict extends TextDecoder {
    override decode(bytes: Uint8Array): string {
      if (bytes.buffer instanceof SharedArrayBuffer) throw new TypeError('must not be shared');
      return super.decode(bytes);
    }
  }
  vi.stubGlobal('TextDecoder', Strict);
  try {
    for (const open of [openIndex, fb.openIndex]) expect([...open(shared).ids()]).toEqual(['é']);
  } finally {
    vi.unstubAllGlobals();
  }
});
