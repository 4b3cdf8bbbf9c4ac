// Timing for benchmark cases, in Node and in a page alike. Times are compared only within a run:
// the alternatives of a row take turns, so that a drift of the machine's speed meets all of them.

const now = () => performance.now();

/**
 * Milliseconds that this process has had a processor, in a page those that passed: on a busy machine
 * the first are what the second would be on a quiet one, for work that one thread does.
 */
export function processorTime() {
  const { process } = globalThis;
  if (!process?.cpuUsage) return now();
  // Of the whole process: what is told of a thread is too coarse.
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function median(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/**
 * Runs `work` for `warmUp` ms, in which engines replace their first, slow code. How often it is to be
 * repeated in a turn that takes `least` ms.
 */
export function repeatsOf(work, { least, warmUp }) {
  let took = 0;
  let runs = 0;
  const began = now();
  do {
    work();
    runs++;
    took = now() - began;
  } while (took < warmUp);
  return Math.max(1, Math.ceil((least * runs) / took));
}

/** Milliseconds of one of so many repeats. */
export function turn(work, repeats, clock = now) {
  const began = clock();
  for (let i = 0; i < repeats; i++) work();
  return (clock() - began) / repeats;
}

/**
 * Milliseconds of each alternative, the median of `rounds` turns after `warmUp` ms. An alternative
 * that takes under `least` ms is repeated within its turn.
 */
export function race(alternatives, { rounds = 7, least = 5, warmUp = 200 } = {}) {
  const names = Object.keys(alternatives);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  const repeats = {};
  for (const name of names) repeats[name] = repeatsOf(alternatives[name], { least, warmUp });
  for (let round = 0; round < rounds; round++) {
    for (const name of names) times[name].push(turn(alternatives[name], repeats[name]));
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]));
}

/**
 * How many times faster than `baseline` each alternative is, where they differ much: { ms, times } of
 * each and ms of the baseline. The baseline has a turn before and after each turn of an alternative,
 * and `times` is the median of the ratios to those neighbours, so that neither a drift of the
 * machine's speed nor other work on it tells much. `ms` are the least there were. All by `clock`,
 * which suits work that one thread does.
 */
export function compare(
  baseline,
  alternatives,
  { rounds = 11, least = 10, warmUp = 200, clock = processorTime } = {},
) {
  const names = Object.keys(alternatives);
  const repeats = {};
  for (const name of names) repeats[name] = repeatsOf(alternatives[name], { least, warmUp });
  const base = repeatsOf(baseline, { least, warmUp });
  const turns = Object.fromEntries(names.map((name) => [name, []]));
  const plain = [turn(baseline, base, clock)];
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const ms = turn(alternatives[name], repeats[name], clock);
      plain.push(turn(baseline, base, clock));
      turns[name].push({ ms, times: (plain.at(-2) + plain.at(-1)) / 2 / ms });
    }
  }
  const results = names.map((name) => [
    name,
    {
      ms: Math.min(...turns[name].map(({ ms }) => ms)),
      times: median(turns[name].map(({ times }) => times)),
    },
  ]);
  return { baseline: Math.min(...plain), ...Object.fromEntries(results) };
}

/** `length` reproducible normal values (a hash and Box-Muller). */
export function normals(length, seed = 1) {
  const x = new Float32Array(length);
  let state = seed >>> 0 || 1;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    x[i] = radius * Math.cos(angle);
    if (i + 1 < length) x[i + 1] = radius * Math.sin(angle);
  }
  return x;
}

/** Copies `x` into WebAssembly memory of its size: the floor of any call into WebAssembly. */
export function setter(x) {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(x.byteLength / 65536) });
  const view = new Float32Array(memory.buffer, 0, x.length);
  return () => view.set(x);
}
