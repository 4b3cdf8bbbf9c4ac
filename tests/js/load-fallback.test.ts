// load({ fallback: 'js' }): the library with WebAssembly where it runs, otherwise one that can only search.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { load } from 'fewbits';
import { expect, it } from 'vitest';

const GOLDEN = new URL('../golden/before/cosine-4-refine8.index.safetensors', import.meta.url);
const fb = await load();

it('where WebAssembly runs it changes nothing', async () => {
  expect(await load({ fallback: 'js' })).toBe(fb);
  await expect(load({ fallback: 'no' as 'js' })).rejects.toThrow("fallback must be one of 'js'");
  await expect(load({ fallback: 'js', variant: 'simd128' })).resolves.toMatchObject({
    variant: 'simd128',
  });
});

/** All callable members, except those that an index and the library still offer. */
function callsOf(owner: string, object: object, kept: readonly string[]): string[] {
  const own = [object, Object.getPrototypeOf(object)].flatMap((of) =>
    Object.getOwnPropertyNames(of),
  );
  return own
    .filter((name) => !['constructor', 'clone', ...kept].includes(name))
    .map((name) => `${owner}.${name}`);
}

it.each(['gone', 'refused'])(
  'where it is %s, indexes are searched and all else says why not',
  async (how) => {
    const index = fb.openIndex(readFileSync(GOLDEN));
    const kept = [
      'dims',
      'bits',
      'metric',
      'size',
      'byteLength',
      'ids',
      'has',
      'search',
      'searchBatch',
      'candidates',
      'candidateCount',
      'reconstruct',
      'stats',
      'dispose',
    ];
    const calls = [
      ...callsOf('fb', fb, ['variant', 'openIndex', 'memoryBytes']),
      ...callsOf('index', index, kept),
    ];
    expect(calls).toEqual(
      expect.arrayContaining(['fb.createIndex', 'fb.ggml', 'index.add', 'index.save']),
    );
    const program = new URL('../support/no-wasm.mjs', import.meta.url).pathname;
    const args = [program, how, GOLDEN.pathname, ...calls];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect(stderr).toBe('');
    const query = Float32Array.from({ length: index.dims }, (_, i) => Math.sin(i));
    const { ids, scores } = index.search(query, { k: 3 });
    expect(JSON.parse(stdout)).toEqual({
      variant: 'js',
      found: { ids: ids.map(String), scores: [...scores] },
      batch: 1,
      without: how === 'gone' ? 'UNSUPPORTED' : 'LOAD_FAILED',
      refused: Object.fromEntries(calls.map((name) => [name, 'UNSUPPORTED'])),
    });
  },
);
