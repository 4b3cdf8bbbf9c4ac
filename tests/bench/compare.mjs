// `node tests/bench/compare.mjs DIST_A DIST_B [case ...] [--variant relaxed|simd128] [--runs N] [--quick]`:
// every row of `npm run bench` for two built packages (folders such as web/dist), and the time of B as a
// multiple of the time of A. Rows above 1.03 are marked.
//
// Both packages run in one process and take turns at every alternative of a row, so that other work on the
// machine affects both alike. A row is the least time of a turn, in processor time, over `--runs` processes
// (3): how an engine places code and arrays affects all turns of a process.

import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { described } from '../../cpp/toolchain/setup/nodes.mjs';
import * as measure from './measure.mjs';
import { CASES } from './run.mjs';

const SLOWER = 1.03;
/** Many and short turns: on a busy machine long ones are interrupted. */
const TURNS = 30;
const TURN_MS = 2;
/** The first argument of a process that measures. */
const CHILD = '--as-child';

const primes = [];
function nextPrime() {
  let candidate = (primes.at(-1) ?? 1) + 1;
  while (primes.some((prime) => candidate % prime === 0)) candidate++;
  primes.push(candidate);
  return candidate;
}

/**
 * Stands for race() and compare() of measure.mjs: collects alternatives instead of measuring them. Their
 * times are primes, so that it shows in a row from which of them its own time was calculated.
 */
function collector() {
  const works = [];
  const placeholder = (work) => {
    works.push(work);
    while (primes.length < works.length) nextPrime();
    return primes[works.length - 1];
  };
  const each = (alternatives, make) =>
    Object.fromEntries(Object.entries(alternatives).map(([name, work]) => [name, make(work)]));
  return {
    works,
    race: (alternatives) => each(alternatives, placeholder),
    compare: (baseline, alternatives) => ({
      baseline: placeholder(baseline),
      ...each(alternatives, (work) => ({ ms: placeholder(work), times: 1 })),
    }),
  };
}

/** Least milliseconds of each of the functions, which take turns. */
function leastOf(works) {
  const options = { least: TURN_MS, warmUp: 100 };
  const repeats = works.map((work) => measure.repeatsOf(work, options));
  const least = works.map(() => Number.POSITIVE_INFINITY);
  for (let i = 0; i < TURNS; i++) {
    for (const [side, work] of works.entries()) {
      const ms = measure.turn(work, repeats[side], measure.processorTime);
      least[side] = Math.min(least[side], ms);
    }
  }
  return least;
}

/** One row of a case: [name, milliseconds of each side], measured when it is first asked for. */
function rowOf([row, other], sides, times) {
  if (row.name.split(', ')[0] !== other.name.split(', ')[0]) {
    throw new Error(`'${row.name}' meets '${other.name}'`);
  }
  const which = sides[0].works.findIndex((_, i) => Number.isInteger(primes[i] / row.ms));
  times[which] ??= leastOf(sides.map(({ works }) => works[which]));
  // Rates at the end of a name are those of its own run.
  const name = row.name.replace(/, [\d.]+ Mfloat\/s$/, '');
  return [name, times[which].map((ms) => (ms * row.ms) / primes[which])];
}

/** Measures one case; writes a line of JSON per row. */
async function child({ dists, variant, name, quick }) {
  const sides = await Promise.all(
    dists.map(async (dist, i) => {
      const { load } = await import(pathToFileURL(`${dist}/node.js`).href);
      // Modules of their own, as code that both share would be optimized for neither.
      const { run } = await import(`./cases/${name}.mjs?side=${i}`);
      const { works, ...stand } = collector();
      const rows = run(await load({ variant }), { ...measure, ...stand }, { quick });
      return { works, rows };
    }),
  );
  const times = [];
  for (;;) {
    const next = [];
    for (const { rows } of sides) next.push(await rows.next());
    if (next.some(({ done }) => done)) break;
    const values = next.map(({ value }) => value);
    if (values[0].ms !== undefined) console.log(JSON.stringify(rowOf(values, sides, times)));
  }
}

/** Rows of one case in a process of its own, by name. */
function measured(task) {
  const node = described(process.execPath);
  const words = [...node.flags, fileURLToPath(import.meta.url), CHILD, JSON.stringify(task)];
  const { status, stdout } = spawnSync(node.path, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the process of ${task.name} ended with ${status}`);
  return stdout.trim().split('\n').map(JSON.parse);
}

function main() {
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
    const least = new Map();
    for (let run = 0; run < Number(flags.runs); run++) {
      const task = { dists: [a, b], variant: flags.variant, name, quick: flags.quick };
      for (const [row, times] of measured(task)) {
        const before = least.get(row) ?? times;
        least.set(
          row,
          times.map((ms, i) => Math.min(ms, before[i])),
        );
      }
    }
    for (const [row, times] of least) {
      const ratio = times[1] / times[0];
      if (ratio > SLOWER) slower++;
      const cells = [name, row, ...times.map((ms) => ms.toPrecision(4))];
      console.log(`| ${cells.join(' | ')} | ${ratio.toFixed(3)}${ratio > SLOWER ? ' !' : ''} |`);
    }
  }
  console.log(`\n${slower} rows above ${SLOWER}`);
}

if (process.argv[2] === CHILD) await child(JSON.parse(process.argv[3]));
else main();
