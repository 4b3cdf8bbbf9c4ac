// Fuzzes the file readers: node tests/fuzz/io.mjs [--seconds N] [--format
// npy|npz|safetensors|gguf|imatrix|index] [--seed N] [--keep]. With --keep the smallest file of each answer
// becomes the corpus of the format.
//
// Valid files are mutated where formats are vulnerable: lengths and counts become extreme integers, also
// numbers in text; parts are cut, doubled, moved, swapped between files. A mutant joins the corpus if it
// leads to an answer not seen before (an error message without its numbers, or a new kind of success). Each
// format gets N seconds. Anything other than a valid answer in time is a failure: it is printed as base64 and
// the exit code is 1.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as io from 'fewbits/io';
import { processorTime } from '../bench/measure.mjs';
import { corpusOf } from './corpus.mjs';
import { generator } from './generator.mjs';
import * as targets from './io-targets.mjs';
import { index } from './reader-target.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    format: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
// Milliseconds of processor time for a file of a few kilobytes, which do not depend on other load.
const slowest = 2000;
const memoryLimit = 1 << 30;

const golden = (folder, ending = '') => {
  const path = new URL(`../golden/${folder}/`, import.meta.url);
  const names = readdirSync(path).filter((name) => !name.endsWith('.md') && name.endsWith(ending));
  return names.map((name) => new Uint8Array(readFileSync(new URL(name, path))));
};

const ggufSeeds = () => {
  const metadata = [
    { key: 'general.alignment', type: 'uint32', value: 64 },
    { key: 'a', type: 'array', value: { type: 'string', values: ['x', '', 'yz'] } },
    {
      key: 'n',
      type: 'array',
      value: { type: 'array', values: [{ type: 'bool', values: [true, false] }] },
    },
    { key: 'u', type: 'uint64', value: 3n },
  ];
  const tensors = Object.entries(io.ggmlTypes).map(([type, { blockSize, bytesPerBlock }]) => {
    return { name: type, type, shape: [2, blockSize], data: new Uint8Array(2 * bytesPerBlock) };
  });
  return [io.writeGguf(metadata, tensors.slice(0, 3)), io.writeGguf([], tensors)];
};

/** An importance matrix in both formats. */
const imatrixSeeds = () => {
  const tensor = (name, values, shape = [values.length]) => {
    return { name, type: 'F32', shape, data: new Uint8Array(new Float32Array(values).buffer) };
  };
  const metadata = [
    { key: 'general.type', type: 'string', value: 'imatrix' },
    { key: 'imatrix.datasets', type: 'array', value: { type: 'string', values: ['a', 'bc'] } },
    { key: 'imatrix.chunk_count', type: 'uint32', value: 3 },
    { key: 'imatrix.chunk_size', type: 'uint32', value: 512 },
  ];
  const gguf = io.writeGguf(metadata, [
    tensor('a.weight.in_sum2', [4, 0, 2.5, 8]),
    tensor('a.weight.counts', [2]),
    tensor('b.weight.in_sum2', [1, 2, 3, 4], [2, 2]),
    tensor('b.weight.counts', [1, 0]),
  ]);
  const int32 = (value) => [...new Uint8Array(new Int32Array([value]).buffer)];
  const text = (value) => [...int32(value.length), ...new TextEncoder().encode(value)];
  const floats = (values) => [...new Uint8Array(new Float32Array(values).buffer)];
  const entry = (name, calls, values) =>
    [text(name), int32(calls), int32(values.length), floats(values)].flat();
  const entries = [entry('a.weight', 2, [4, 0, 2.5]), entry('b.weight', 0, [1])].flat();
  const dat = [...int32(2), ...entries];
  return [gguf, Uint8Array.from(dat), Uint8Array.from([...dat, ...int32(7), ...text('texts')])];
};

const formats = {
  npy: { target: targets.npy, seeds: () => golden('npy') },
  npz: { target: targets.npz, seeds: () => golden('npz') },
  safetensors: { target: targets.safetensors, seeds: () => golden('safetensors') },
  gguf: { target: targets.gguf, seeds: () => [...golden('gguf'), ...ggufSeeds()] },
  imatrix: { target: targets.imatrix, seeds: imatrixSeeds },
  index: { target: index, seeds: () => golden('before', '.index.safetensors') },
};

const words = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    ',',
    ':',
    '"',
    "'",
    '\\',
    ' ',
    '\n',
    '\0',
    'True',
    'None',
    '-1',
  ],
  ...['"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},', '__metadata__', '__proto__', 'F32'],
  ...['PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07', "'<V2'", '<html'],
  ...["'<f8'", "'>f2'", "'|b1'", "'shape'", '(0,)', '9007199254740993', '18446744073709551615'],
  ...['general.alignment', '\\u0061', '\\ud800', 'é', '1e3', '0.5', '[['],
].map((word) => new TextEncoder().encode(word));
const integers = [
  ...[0n, 1n, 2n, 3n, 7n, 8n, 9n, 31n, 32n, 33n, 64n, 255n, 256n, 999n, 65535n, 65536n, 1n << 24n],
  ...[
    (1n << 31n) - 1n,
    1n << 31n,
    (1n << 32n) - 1n,
    1n << 32n,
    1n << 52n,
    (1n << 53n) - 1n,
    1n << 53n,
  ],
  ...[(1n << 61n) + 1n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 8n, (1n << 64n) - 1n],
];

const splice = (bytes, at, removed, inserted) => {
  const out = new Uint8Array(bytes.length - removed + inserted.length);
  out.set(bytes.subarray(0, at));
  out.set(inserted, at);
  out.set(bytes.subarray(at + removed), at + inserted.length);
  return out;
};

function mutate(bytes, corpus, random) {
  const pick = (list) => list[random(list.length)];
  // Headers are the vulnerable part: most changes are near the beginning of the file.
  const at = random(4) ? random(Math.min(bytes.length, 64 << random(6))) : random(bytes.length + 1);
  const rest = bytes.length - at;
  switch (random(11)) {
    case 0:
      return splice(bytes, at, Math.min(rest, 1), [random(256)]);
    case 1:
      return splice(bytes, at, Math.min(rest, 1), [(bytes[at] ?? 0) ^ (1 << random(8))]);
    case 2:
      return bytes.slice(0, at);
    case 3:
      return splice(bytes, at, random(Math.min(rest, 64) + 1), []);
    case 4: {
      const length = random(Math.min(rest, 64) + 1);
      return splice(bytes, at, 0, bytes.slice(at, at + length));
    }
    case 5:
    case 6: {
      const integer = random(3) ? pick(integers) : BigInt(bytes.length + random(9) - 4);
      const size = pick([2, 4, 8]);
      const inserted = new Uint8Array(new BigUint64Array([integer]).buffer).slice(0, size);
      return splice(bytes, at, Math.min(rest, size), inserted);
    }
    case 7:
      return splice(bytes, at, random(2) ? 0 : Math.min(rest, 1 + random(8)), pick(words));
    case 8: {
      // Replaces the number in the text at or after this place.
      const digit = (byte) => byte >= 0x30 && byte <= 0x39;
      let start = at;
      while (start < bytes.length && !digit(bytes[start])) start++;
      let end = start;
      while (end < bytes.length && digit(bytes[end])) end++;
      const text = random(2) ? String(pick(integers)) : String(random(300));
      return splice(bytes, start, end - start, new TextEncoder().encode(text));
    }
    case 9: {
      const other = pick(corpus);
      const from = random(other.length);
      return splice(bytes, at, rest, other.subarray(random(2) ? from : Math.min(at, other.length)));
    }
    default: {
      const other = pick(corpus);
      const from = random(other.length);
      return splice(bytes, at, 0, other.subarray(from, from + 1 + random(128)));
    }
  }
}

/** An answer without its numbers and quoted names, which guides the corpus. */
const kind = (answer) =>
  answer
    .replace(/"(?:[^"\\]|\\.)*"?/g, '"')
    .replace(/(this is (?:a text|JSON text|an XML document)), .*/s, '$1')
    .replace(/-?[0-9]+/g, '#')
    .slice(0, 200);

async function fuzz(name, { target, seeds }, seconds, seed) {
  const corpus = [...seeds(), ...corpusOf(name)];
  /** The smallest file of each answer. */
  const seen = new Map();
  const see = (answer, bytes) => {
    const known = seen.get(answer);
    if (known === undefined || bytes.length < known.length) seen.set(answer, bytes);
  };
  for (const bytes of corpus) see(kind(await target(bytes)), bytes);
  const random = generator(seed);
  const end = performance.now() + seconds * 1000;
  let runs = 0;
  let slow = 0;
  let peak = 0;
  while (performance.now() < end) {
    let bytes = corpus[random(corpus.length)];
    for (let times = 1 + random(5); times > 0; times--) bytes = mutate(bytes, corpus, random);
    const start = processorTime();
    let answer;
    try {
      answer = kind(await target(bytes));
    } catch (error) {
      error.message = `${name}: ${error.message}\nbytes: ${Buffer.from(bytes).toString('base64')}`;
      throw error;
    }
    const took = processorTime() - start;
    slow = Math.max(slow, took);
    if (runs++ % 1000 === 0) peak = Math.max(peak, process.memoryUsage().rss);
    if (took > slowest || peak > memoryLimit) {
      throw new Error(
        `${name}: ${took} ms, ${peak} bytes of memory\nbytes: ${Buffer.from(bytes).toString('base64')}`,
      );
    }
    if (bytes.length >= 1 << 14) continue;
    if (!seen.has(answer)) corpus.push(bytes);
    see(answer, bytes);
  }
  if (options.keep) {
    const lines = [...seen.values()].map((bytes) => Buffer.from(bytes).toString('base64'));
    const path = new URL(`corpus/${name}.txt`, import.meta.url);
    writeFileSync(path, `${lines.filter((line) => line !== '').join('\n')}\n`);
  }
  console.log(
    `${name}: ${runs} files, ${seen.size} kinds of answer, slowest ${slow.toFixed(1)} ms, ` +
      `memory ${(peak / 2 ** 20).toFixed(0)} MiB, no finding`,
  );
}

for (const name of options.format ?? Object.keys(formats)) {
  await fuzz(name, formats[name], Number(options.seconds), Number(options.seed));
}
