// Compares two built packages (folders such as web/dist) in every row of `npm run bench`: `node
// tests/bench/compare.mjs DIST_A DIST_B [case ...] [--variant relaxed|simd128] [--runs N] [--quick]` prints
// the time of B relative to A. Rows above 1.03 are marked.
//
// Each build runs in its own process, only one of them at a time: they take turns at every alternative of a
// row, so that other load on the machine affects both alike. A row shows the minimum processor time of a turn
// over `--runs` pairs of processes (3): where an engine places code and arrays affects all turns of a
// process.
// arrays tells in all turns of a process.

import { spawn } from 'node:child_process';
import { readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { described } from '../../cpp/toolchain/setup/nodes.mjs';
import * as measure from './measure.mjs';
import { CASES, runCases } from './run.mjs';

const SLOWER = 1.03;
const TURNS = 12;
/** The first argument of a process that runs cases. */
const CHILD = '--as-child';

/** Waits until it is this process's turn. */
const awaitTurn = () => readSync(0, new Uint8Array(1));
const say = (message) => writeSync(1, `${JSON.stringify(message)}\n`);

/** The least milliseconds of each alternative, taken in turns with the other process. */
function leastOf(alternatives, { least = 5, warmUp = 100 } = {}) {
  const times = {};
  for (const [name, work] of Object.entries(alternatives)) {
    const repeats = measure.repeatsOf(work, { least, warmUp });
    times[name] = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TURNS; i++) {
      say('pass');
      awaitTurn();
      times[name] = Math.min(times[name], measure.turn(work, repeats, measure.processorTime));
    }
  }
  return times;
}

function compared(baseline, alternatives, options) {
  const { baseline: plain, ...times } = leastOf({ baseline, ...alternatives }, options);
  const results = Object.entries(times).map(([name, ms]) => [name, { ms, times: plain / ms }]);
  return { baseline: plain, ...Object.fromEntries(results) };
}

/** Runs one case of one build. */
async function child({ dist, variant, name, quick }) {
  awaitTurn();
  const { load } = await import(pathToFileURL(`${dist}/node.js`).href);
  const fb = await load({ variant });
  const measured = { ...measure, race: leastOf, compare: compared };
  for await (const row of runCases(fb, [name], { quick }, measured)) {
    // Rates at the end of a name differ from run to run.
    if (row.ms !== undefined) say([row.name.replace(/, [\d.]+ Mfloat\/s$/, ''), row.ms]);
  }
}

/** Runs one case of all builds, taking turns; returns the rows of each by name. */
function together(dists, task) {
  const node = described(process.execPath);
  const self = fileURLToPath(import.meta.url);
  const children = dists.map((dist) => {
    const words = [...node.flags, self, CHILD, JSON.stringify({ ...task, dist })];
    return spawn(node.path, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  });
  const running = new Set(children);
  const next = (one) => {
    const other = children.find((each) => each !== one && running.has(each));
    (other ?? one).stdin.write('.');
  };
  const ends = children.map(
    (one) =>
      new Promise((resolve, reject) => {
        const rows = new Map();
        createInterface(one.stdout).on('line', (line) => {
          const message = JSON.parse(line);
          if (message === 'pass') next(one);
          else rows.set(...message);
        });
        one.on('close', (status) => {
          running.delete(one);
          if (running.size > 0) next(one);
          if (status === 0) resolve(rows);
          else reject(new Error(`a process ended with ${status}`));
        });
      }),
  );
  children[0].stdin.write('.');
  return Promise.all(ends);
}

async function main() {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      variant: { type: 'string', default: 'simd128' },
      runs: { type: 'string', default: '3' },
      quick: { type: 'boolean', default: false },
    },
  });
  const [a, b, ...given] = positionals;
  if (b === undefined) throw new Error('two folders are compared: DIST_A DIST_B');
  let slower = 0;
  console.log('| case | row | A, ms | B, ms | B / A |\n| --- | --- | --- | --- | --- |');
  for (const name of given.length > 0 ? given : CASES) {
    const least = [new Map(), new Map()];
    for (let run = 0; run < Number(flags.runs); run++) {
      const order = run % 2 === 0 ? [0, 1] : [1, 0];
      const task = { variant: flags.variant, quick: flags.quick, name };
      const results = await together(
        order.map((i) => [a, b][i]),
        task,
      );
      for (const [at, rows] of results.entries()) {
        const best = least[order[at]];
        for (const [row, ms] of rows) best.set(row, Math.min(ms, best.get(row) ?? ms));
      }
    }
    for (const [row, one] of least[0]) {
      const two = least[1].get(row);
      const ratio = two / one;
      if (ratio > SLOWER) slower++;
      const cells = [name, row, one.toPrecision(4), two?.toPrecision(4)];
      console.log(`| ${cells.join(' | ')} | ${ratio.toFixed(3)}${ratio > SLOWER ? ' !' : ''} |`);
    }
  }
  console.log(`\n${slower} rows above ${SLOWER}`);
}

if (process.argv[2] === CHILD) await child(JSON.parse(process.argv[3]));
else await main();
