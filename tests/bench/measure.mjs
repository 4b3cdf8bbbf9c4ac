// Timing for benchmark cases, in Node and in a page alike. Times are compared only within a run:
// the alternatives of a row take turns, so that a drift of the machine's speed meets all of them.

const now = () => performance.now();

function median(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/**
 * Milliseconds of each alternative, the median of `rounds` turns after `warmUp` ms, in which engines
 * replace their first, slow code. An alternative that takes under `least` ms is repeated within its
 * turn.
 */
export function race(alternatives, { rounds = 7, least = 5, warmUp = 200 } = {}) {
  const names = Object.keys(alternatives);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  const repeats = {};
  for (const name of names) {
    let took = 0;
    let runs = 0;
    const began = now();
    do {
      alternatives[name]();
      runs++;
      took = now() - began;
    } while (took < warmUp);
    repeats[name] = Math.max(1, Math.ceil((least * runs) / took));
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const began = now();
      for (let i = 0; i < repeats[name]; i++) alternatives[name]();
      times[name].push((now() - began) / repeats[name]);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]));
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
