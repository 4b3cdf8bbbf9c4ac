// Crafted index files with correct checksums: node tests/fuzz/index-files.mjs [--files N] [--seed N]
//
// Saved indexes of every kind are changed: numbers of a tensor become extreme, tiny, negative, zero or NaN, codes
// become random bytes, metadata become other words or extreme values, tensors are removed or taken from
// another file. Then the checksum is corrected. Such a file must be refused with CORRUPT_DATA or UNSUPPORTED,
// or the index in it must work: scores and vectors are finite, results of parts can be merged, vectors can be
// added and removed, and the saved file opens. A failure is printed as base64 and the exit code is 1.

import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { crc32 } from 'node:zlib';
import { FewbitsError, load, mergeResults } from 'fewbits';
import { readSafetensors, writeSafetensors } from 'fewbits/io';
import { generator } from './generator.mjs';

const ROWS = 20;
const METRICS = ['cosine', 'dot', 'l2'];

/** Files of each metric and width, and of each kind of calibration, with ids in every form. */
export function seedFiles(fb) {
  const random = generator(7);
  const vectors = (n, dims) =>
    Float32Array.from(
      { length: n * dims },
      (_, i) => (random(2000) / 1000 - 0.9) / (1 + (i % dims)),
    );
  const files = [];
  const names = [undefined, (i) => `id ${i}`, (i) => 10n ** 20n + BigInt(i), (i) => 7 * i - 50];
  const save = (options, sample) => {
    const index = fb.createIndex(options);
    const { dims } = options;
    if (sample) index.calibrate(vectors(sample, dims));
    const name = names[files.length % names.length];
    index.add(vectors(ROWS, dims), name && Array.from({ length: ROWS }, (_, i) => name(i)));
    files.push(index.save());
    index.dispose();
  };
  for (const metric of METRICS) {
    for (const bits of [1, 2, 3, 4, 6, 8]) {
      save({ dims: 7 + bits, metric, bits });
      save({ dims: 7 + bits, metric, bits, mean: vectors(1, 7 + bits) });
      save({ dims: 9, metric, bits, refine: bits === 2 ? 4 : 8 });
      save({ dims: 36, metric, bits, ...(bits === 1 && { refine: 4 }) }, 500);
    }
  }
  save({ dims: 19, metric: 'hamming' });
  save({ dims: 64, metric: 'hamming' });
  return files;
}

const FLOATS = [
  ...[
    0, -0, 1, -1, 1e-45, 1e-38, 1e-30, 1e-12, 65504, 1e9, 1e15, 9.9e17, 1e18, 1.1e18, 1e19, 1.3e20,
  ],
  ...[
    1e30,
    3.9e36,
    4.1e36,
    5e37,
    1.7e38,
    3.4028234e38,
    Infinity,
    -Infinity,
    NaN,
    -1e18,
    -4.1e36,
    -3e38,
  ],
];
const HALVES = [0, 1, 0x3ff, 0x400, 0x3c00, 0x7bff, 0x7c00, 0x7e00, 0x8000, 0x8001, 0xbc00, 0xfbff];
const INTEGERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 35, 36, 37, 255, 65535, 2 ** 31, 2 ** 32 - 1];
const WORDS = [
  ...['0', '1', '2', '3', '4', '5', '8', '9', '12', '16384', '16385', '-1', '1e3', '', ' 4', '0x4'],
  ...['4294967295', '4294967296', '9007199254740990', '9007199254740991', '9007199254740992'],
  ...[
    'cosine',
    'dot',
    'l2',
    'hamming',
    'best',
    'fast',
    'NaN',
    '1e-300',
    '0.5',
    'Infinity',
    'constructor',
  ],
];

/** A changed file with the correct checksum of its contents. */
export function craft(files, random) {
  const pick = (list) => list[random(list.length)];
  const file = readSafetensors(pick(files));
  const metadata = { ...file.metadata };
  const tensors = file.tensors
    .filter(({ name }) => name !== 'checksum')
    .map(({ name, dtype, shape }) => ({
      name,
      dtype,
      shape: [...shape],
      data: file.bytes(name).slice(),
    }));
  for (let times = 1 + random(3); times > 0; times--) {
    const tensor = pick(tensors);
    switch (random(12)) {
      case 0:
        metadata[pick(Object.keys(metadata))] = pick(WORDS);
        break;
      case 1:
        tensors.splice(tensors.indexOf(tensor), 1, ...(tensors.length > 1 ? [] : [tensor]));
        break;
      case 2: {
        const other = readSafetensors(pick(files));
        const { name, dtype, shape } = pick(other.tensors);
        if (name === 'checksum') break;
        const at = tensors.findIndex((one) => one.name === name);
        tensors.splice(at < 0 ? tensors.length : at, at < 0 ? 0 : 1, {
          ...{ name, dtype, shape: [...shape], data: other.bytes(name).slice() },
        });
        break;
      }
      case 3:
        metadata.metric = pick([...METRICS, 'hamming']);
        metadata.version = pick(['1', '2', '3', '4']);
        break;
      default:
        change(tensor, random);
    }
  }
  return written(tensors, metadata);
}

/** Changes values in one tensor: one of them, some, or all alike. */
function change({ dtype, data }, random) {
  const size = { F64: 8, I64: 8, F32: 4, U32: 4, F16: 2 }[dtype] ?? 1;
  const view = new DataView(data.buffer);
  const n = data.length / size;
  const all = random(4) === 0;
  const value = () => {
    if (dtype === 'F32') return FLOATS[random(FLOATS.length)];
    if (dtype === 'F64') return [...FLOATS, ...INTEGERS][random(FLOATS.length + INTEGERS.length)];
    if (dtype === 'F16') return HALVES[random(HALVES.length)];
    if (size === 1) return [0, 1, 127, 128, 255, random(256)][random(6)];
    return INTEGERS[random(INTEGERS.length)];
  };
  const put = (i, x) => {
    if (dtype === 'F32') view.setFloat32(4 * i, x, true);
    else if (dtype === 'F64') view.setFloat64(8 * i, x, true);
    else if (dtype === 'I64')
      view.setBigInt64(8 * i, BigInt(Math.round(x)) << BigInt(random(2) * 31), true);
    else if (dtype === 'U32') view.setUint32(4 * i, x, true);
    else if (dtype === 'F16') view.setUint16(2 * i, x, true);
    else view.setUint8(i, x);
  };
  if (n === 0) return;
  const same = value();
  for (let i = 0; all && i < n; i++) put(i, same);
  for (let times = all ? 0 : 1 + random(4); times > 0; times--) put(random(n), value());
}

function written(tensors, metadata) {
  const check = { name: 'checksum', dtype: 'U8', shape: [4], data: new Uint8Array(4) };
  const bytes = writeSafetensors([...tensors, check], metadata);
  new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  return bytes;
}

const finite = (values, what) =>
  assert(
    values.every((value) => Number.isFinite(value)),
    `${what}: ${[...values]}`,
  );

/** Runs `work`; vectors too far from the mean in the file may be refused. */
function unlessTooLong(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof FewbitsError && /a norm/.test(error.message)) return undefined;
    throw error;
  }
}

/** Queries at the limits of the arithmetic. */
function queriesFor({ dims, metric }, random) {
  const size = metric === 'cosine' ? 3e38 : 1e18 / Math.sqrt(dims);
  const of = (value) => Float32Array.from({ length: dims }, value);
  return [
    of(() => random(200) / 100 - 1),
    of((_, i) => (i === 0 ? 1 : 0)),
    of(() => 0),
    of(() => size * 0.99),
    of(() => (random(2) ? 1 : -1) * size * 0.99),
    of(() => 1e-44),
  ];
}

/** Opens a file and calls everything of the index in it; the answer describes the outcome. */
export function tryFile(fb, bytes, random) {
  let index;
  try {
    index = fb.openIndex(bytes);
  } catch (error) {
    if (error instanceof FewbitsError && ['CORRUPT_DATA', 'UNSUPPORTED'].includes(error.code)) {
      return error.code;
    }
    throw error;
  }
  const queries = queriesFor(index, random);
  const search = (query) => {
    const found = unlessTooLong(() => index.search(query, { k: 30 }));
    if (found === undefined) return;
    assert.equal(found.ids.length, index.size, 'some are missing');
    finite(found.scores, 'scores');
    const candidates = index.candidateCount({ k: 5 });
    const list = index.candidates(query, candidates);
    finite(list.estimates, 'estimates');
    finite(list.scores, 'scores of candidates');
    mergeResults([list, list], { metric: index.metric, k: 5, candidates });
    unlessTooLong(() => index.searchBatch([query, query], { k: 3 }));
  };
  queries.forEach(search);
  for (const id of index.ids()) finite(index.reconstruct(id), `vector ${id}`);
  const first = index.save();
  const again = fb.openIndex(first);
  assert.deepEqual(again.save(), first);
  again.dispose();
  const ids = [...index.ids()];
  if (unlessTooLong(() => index.upsert(queries.slice(0, 2), ['new', 'newer'])) !== undefined) {
    assert.equal(index.size, ids.length + 2);
    search(queries[0]);
    index.removeMany(ids.filter((_, i) => i % 3 === 0));
    const like = index.emptyLike();
    unlessTooLong(() => like.add(queries[0]));
    like.dispose();
    search(queries[1]);
    fb.openIndex(index.save()).dispose();
  }
  index.dispose();
  return 'opened';
}

async function main() {
  const { values } = parseArgs({
    options: {
      files: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const fb = await load();
  const random = generator(Number(values.seed));
  const files = seedFiles(fb);
  for (const file of files) assert.equal(tryFile(fb, file, random), 'opened');
  const answers = {};
  for (let i = 0; i < Number(values.files); i++) {
    const bytes = craft(files, random);
    try {
      const answer = tryFile(fb, bytes, random);
      answers[answer] = (answers[answer] ?? 0) + 1;
    } catch (error) {
      error.message = `file ${i}: ${error.message}\nbytes: ${Buffer.from(bytes).toString('base64')}`;
      throw error;
    }
  }
  console.log(
    `${values.files} files of seed ${values.seed}: ${JSON.stringify(answers)}, no finding`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
