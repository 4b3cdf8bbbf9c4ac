// The numpy program of the guide to the index file: it decodes index files of every kind.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Fewbits, type Id, type IndexOptions, load, type VectorIndex } from 'fewbits';
import { readNpy, writeNpy } from 'fewbits/io';
import { beforeAll, describe, expect, it } from 'vitest';
import { NUMPY_HINT, pythonWithNumpy } from '../../cpp/toolchain/setup/python.mjs';
import { useFolder } from '../support/folders.ts';
import { root } from './consumer.ts';

const program = path.join(root, 'tests/package/decode_index.py');
const { at: file } = useFolder();
const bytesOf = (name: string) => new Uint8Array(readFileSync(file(name)));
let fb: Fewbits;
let python: string;

// Runs the program for each line of arguments, as starting Python and numpy takes most of the time.
const RUN_EACH = `
import json, runpy, sys
for line in sys.stdin:
    sys.argv = json.loads(line)
    runpy.run_path(sys.argv[0], run_name="__main__")
`;

function decode(runs: string[][]): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(python, ['-c', RUN_EACH], {
    input: runs.map((args) => `${JSON.stringify([program, ...args])}\n`).join(''),
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
}

/** Vectors with a mean, and with directions of larger variance. */
function vectors(rows: number, dims: number, seed: number): Float32Array {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length: rows * dims }, (_, i) => {
    const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    return 0.2 + normal * 3 * Math.exp((-4 * (i % dims)) / dims);
  });
}

const text = (i: number) => `vector ${i} é🐧`.repeat(i % 3);

interface Case extends IndexOptions {
  readonly learn?: 'axes' | 'mean';
  readonly id?: (i: number) => Id;
}

const cases: Case[] = [
  ...([1, 2, 3, 4, 6, 8] as const).flatMap((bits): Case[] => [
    { dims: 37, bits },
    { dims: 128, bits, metric: 'l2', learn: 'mean' },
    { dims: 200, bits, metric: 'dot', learn: 'axes', quality: 'fast' },
  ]),
  { dims: 200, bits: 4, metric: 'l2', learn: 'axes' },
  { dims: 100, bits: 1, refine: 8, id: (i) => 1000 - 3 * i },
  { dims: 100, bits: 2, refine: 4, metric: 'l2', seed: 7 },
  {
    dims: 130,
    bits: 1,
    refine: 4,
    learn: 'axes',
    id: (i) => (i === 5 ? 'five' : BigInt(i) << 70n),
  },
  { dims: 130, bits: 2, refine: 8, learn: 'axes', metric: 'dot' },
  { dims: 64, bits: 4, learn: 'mean', id: (i) => (i % 3 === 0 ? i : `${i}${text(i)}`) },
  // So many values in the outermost cells of a vector that not all of them can be refined.
  { dims: 3000, bits: 4 },
  { dims: 1, bits: 1 },
  { dims: 128, metric: 'hamming' },
  { dims: 77, metric: 'hamming', id: (i) => `bits ${i}` },
];

const ROWS = 150;

function build({ learn, id, ...options }: Case): VectorIndex {
  const { dims } = options;
  const index = fb.createIndex(options);
  if (learn) index.calibrate(vectors(600, dims, 1), { method: learn });
  const x = vectors(ROWS, dims, 2);
  x.fill(0, 3 * dims, 4 * dims);
  index.add(x, id && Array.from({ length: ROWS }, (_, i) => id(i)));
  const all = [...index.ids()];
  for (const i of [0, 17, 18, ROWS - 1]) index.remove(all[i]);
  return index;
}

/** Converted as JSON would be: bigints become numbers. */
const plain = (id: Id) => (typeof id === 'bigint' ? Number(id) : id);

describe('decode_index.py', () => {
  const indexes: VectorIndex[] = [];
  const queries: Float32Array[] = [];
  let found: [Id, number][][];

  beforeAll(async () => {
    fb = await load();
    python = await pythonWithNumpy();
    if (python === '') throw new Error(NUMPY_HINT);
    const runs = cases.flatMap((one, i) => {
      indexes.push(build(one));
      queries.push(vectors(1, one.dims, 3));
      writeFileSync(file(`${i}.safetensors`), indexes[i].save());
      writeFileSync(file(`${i}.query.npy`), writeNpy({ data: queries[i] }));
      const index = file(`${i}.safetensors`);
      return [
        [index, 'vectors', file(`${i}.npy`)],
        [index, 'search', file(`${i}.query.npy`)],
      ];
    });
    const { stdout, stderr, status } = decode(runs);
    expect([stderr, status]).toEqual(['', 0]);
    found = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  });

  it.each(cases.map((one, i) => ({ ...one, i })))(
    '$dims x $bits bits, $metric, refine $refine, learned $learn',
    ({ dims, i }) => {
      using index = indexes[i];
      const ids = [...index.ids()];
      const { data, shape } = readNpy(bytesOf(`${i}.npy`));
      expect(shape).toEqual([ROWS - 4, dims]);
      ids.forEach((id, row) => {
        const theirs = (data as Float32Array).subarray(row * dims, (row + 1) * dims);
        const ours = index.reconstruct(id);
        const size = Math.max(1, Math.hypot(...ours));
        const off = ours.reduce((most, value, d) => Math.max(most, Math.abs(value - theirs[d])), 0);
        expect(off, `row ${row}`).toBeLessThan(2e-6 * size);
      });

      // All vectors, so that none is missing because the scan rounds the query to eight bits.
      const { ids: wanted, scores } = index.search(queries[i], { k: ids.length, rescore: 1 });
      const scale = Math.max(1, ...scores.map(Math.abs));
      expect(found[i]).toHaveLength(10);
      found[i].forEach(([id, score], place) => {
        expect(Math.abs(score - scores[place]), `place ${place}`).toBeLessThan(3e-6 * scale);
        const at = wanted.findIndex((other) => plain(other) === id);
        expect(Math.abs(scores[at] - score), `id ${id}`).toBeLessThan(3e-6 * scale);
      });
    },
  );

  it('is printed in the guide', () => {
    const lines = (name: string) => readFileSync(name, 'utf8').replaceAll('\r\n', '\n');
    const [, printed] =
      /```python\n(.*?)```/s.exec(lines(path.join(root, 'site/docs/index-file.md'))) ?? [];
    expect(printed).toBe(lines(program));
  });

  it('opens an empty index, and refuses a damaged file', () => {
    using index = fb.createIndex({ dims: 12, bits: 2 });
    const bytes = index.save();
    writeFileSync(file('empty.safetensors'), bytes);
    bytes[bytes.length - 20] ^= 1;
    writeFileSync(file('damaged.safetensors'), bytes);
    const { stderr } = decode([
      [file('empty.safetensors'), 'vectors', file('empty.npy')],
      [file('damaged.safetensors'), 'vectors', file('damaged.npy')],
    ]);
    expect(readNpy(bytesOf('empty.npy')).shape).toEqual([0, 12]);
    expect(stderr).toContain('the file is damaged');
  });
});
