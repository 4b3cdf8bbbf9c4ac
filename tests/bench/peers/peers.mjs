// fewbits compared with other npm packages for vector search, on the clustered set of ../vector-data.mjs, on
// one thread: `node tests/bench/peers/peers.mjs [--rows N] [--patience SECONDS] [--markdown] [package ...]`
// after `npm run build`. Installs those packages in this folder when first used.
//
// Each has a process of its own, in which its turns alternate with those of the plain float32 scan; times are
// processor times. Graphs are approximate and slow to build: --patience is the time limit for building one.

import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { described } from '../../../cpp/toolchain/setup/nodes.mjs';
import { npm } from '../../../cpp/toolchain/setup/npm.mjs';
import { cleanEnvironment, hash } from '../../../cpp/toolchain/setup/steps.mjs';
import { clustered, exactNeighbours } from '../vector-data.mjs';
import { packages } from './packages.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '100000' },
    patience: { type: 'string', default: '300' },
    markdown: { type: 'boolean' },
  },
});
const rows = Number(flags.rows);
const patience = Number(flags.patience);
const dims = 384;
const k = 10;
const names = positionals.length > 0 ? positionals : Object.keys(packages);
for (const name of names) {
  if (!(name in packages)) {
    throw new Error(`no package '${name}'; there are ${Object.keys(packages).join(', ')}`);
  }
}

const here = fileURLToPath(new URL('.', import.meta.url));

async function install() {
  const stamp = path.join(here, 'node_modules/.fewbits');
  const lock = readFileSync(path.join(here, 'package-lock.json'));
  const wanted = hash(process.platform, process.arch, lock);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  try {
    await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: here,
      env: cleanEnvironment(),
    });
    writeFileSync(stamp, wanted);
  } catch (error) {
    // Missing packages are reported in their rows.
    console.error(`the packages could not be installed: ${error.message}`);
  }
}

function measure(name, folder) {
  const task = JSON.stringify({ name, folder, dims, rows, k, patience });
  const { flags } = described(process.execPath);
  const child = fork(path.join(here, 'measure-peer.mjs'), [task], {
    execArgv: [...flags, '--max-old-space-size=4096'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  child.on('message', print);
  return new Promise((resolve) => {
    child.on('close', (status, signal) => {
      if (status !== 0) {
        const [error] = /^\s*\w*Error\b.*?(?= imported from|$)/m.exec(complaint) ?? [];
        const reason = error?.trim() ?? `ended by ${signal ?? status}`;
        print({ name, what: `could not be loaded or run: ${reason}` });
      }
      resolve();
    });
  });
}

function line(cells) {
  if (flags.markdown) return console.log(`| ${cells.join(' | ')} |`);
  const widths = [26, 44, 7];
  const padded = cells.map((cell, i) =>
    i < widths.length ? cell.padEnd(widths[i]) : i === 8 ? ` ${cell}` : cell.padStart(10),
  );
  console.log(padded.join(' ').trimEnd());
}

function headings() {
  line(['package', 'how', 'kind', 'single', 'batch 64', 'recall@10', 'bytes', 'coded/s', '']);
  if (flags.markdown) line(['-', '-', '-', '-:', '-:', '-:', '-:', '-:', '-']);
}

const decimals = (value, digits) => (value === undefined ? '' : value.toFixed(digits));

function print({ name, what, kind = '', single, batch, recall, bytes, encode, note = '' }) {
  const rate = encode === undefined ? '' : Number(encode.toPrecision(3)).toLocaleString('en');
  line([
    name,
    what,
    kind,
    decimals(single, 1),
    decimals(batch, 1),
    decimals(recall, 3),
    decimals(bytes, 0),
    rate,
    note,
  ]);
}

await install();
const folder = mkdtempSync(path.join(tmpdir(), 'fewbits-peers-'));
try {
  const { x, queries } = clustered(rows, dims, 128);
  const exact = exactNeighbours(x, dims, queries, k).map((ids) => Array.from(ids));
  writeFileSync(path.join(folder, 'vectors'), x);
  writeFileSync(path.join(folder, 'queries'), queries);
  writeFileSync(path.join(folder, 'exact.json'), JSON.stringify(exact));

  console.log(
    `${rows} x ${dims}, top ${k}, one thread; Node ${process.version}, ${cpus()[0].model}`,
  );
  console.log('single, batch: times as fast as a plain JavaScript scan of the float32 vectors\n');
  headings();
  for (const name of names) await measure(name, folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
