// Timing for benchmark cases, both in Node and in a page. Times are compared only within a run: the
// alternatives of a row take turns, so that changes of the machine's speed affect all of them.

const now = () => performance.now();

/**
 * Milliseconds of processor time of this process; in a page, elapsed milliseconds. For single-threaded work,
 * the processor time on a busy machine is about the elapsed time on an idle one.
 */
export function processorTime() {
  const { process } = globalThis;
  if (!process?.cpuUsage) return now();
  // Of the whole process, as the figures of a thread are too coarse.
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function median(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/**
 * Runs `work` for `warmUp` ms, in which engines replace their first, slow code. Returns the number of repeats
 * in a turn that takes `least` ms.
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

/** Milliseconds of one repeat, averaged over `repeats`. */
export function turn(work, repeats, clock = now) {
  const began = clock();
  for (let i = 0; i < repeats; i++) work();
  return (clock() - began) / repeats;
}

/**
 * Milliseconds of each alternative, the median of `rounds` turns after `warmUp` ms. An alternative that takes
 * less than `least` ms is repeated within its turn.
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
 * How many times faster than `baseline` each alternative is, even if they differ much: { ms, times } of each,
 * and ms of the baseline. The baseline has a turn before and after each turn of an alternative, and `times`
 * is the median of the ratios to those neighbours, so that neither changes of the machine's speed nor other
 * load matter much. `ms` are minima. All are measured by `clock`, which suits single-threaded work.
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

/** Copies `x` into WebAssembly memory of its size: a lower bound for any call into WebAssembly. */
export function setter(x) {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(x.byteLength / 65536) });
  const view = new Float32Array(memory.buffer, 0, x.length);
  return () => view.set(x);
}
