// Odd arguments in every call of an index: it throws FewbitsErrors and nothing else. FEWBITS_LONG=1 makes ten
// times as many calls.

import vm from 'node:vm';
import { type Fewbits, FewbitsError, load, mergeResults } from 'fewbits';
import { expect, it } from 'vitest';

/** Integers below `n`, the same in every run. */
function generator(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

function detached(): unknown {
  const x = new Float32Array(4);
  structuredClone(x, { transfer: [x.buffer] });
  return x;
}

const throwing = () => {
  throw new Error('read');
};
const trapped = () => new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing });

const values: readonly (() => unknown)[] = [
  ...[undefined, null, Number.NaN, -0, 0, 1, 5, -1, 2 ** 53, Infinity, 1n << 200n].map(
    (x) => () => x,
  ),
  ...['', 'a', '\ud800', Symbol('s'), globalThis].map((x) => () => x),
  () => [],
  () => [1, 2, 3, 4],
  () => [Number.NaN, 1, 2, 3],
  () => [[1, 2, 3, 4]],
  () => [[[1, 2, 3, 4]]],
  () => new Array(2 ** 32 - 1),
  () => [revoked()],
  () => new Float32Array(4).fill(1),
  () => new Float32Array(8).fill(2),
  () => new Float64Array(4),
  () => new Int8Array(4),
  () => new Uint8Array(4),
  () => new Uint16Array(4),
  () => new BigInt64Array(2),
  () => new DataView(new ArrayBuffer(8)),
  () => vm.runInNewContext('[1, 2, 3, 4]'),
  detached,
  revoked,
  trapped,
  () => Object.create(null),
  () => ({ data: new Float32Array(4), dims: [1, 4] }),
  () => ({ data: new Float32Array(4), dims: revoked() }),
  () => ({ data: [Symbol('s')] }),
  () => ({ data: revoked() }),
  () => ({ data: new Int8Array(4), scale: Symbol('s') }),
  () => ({
    get data() {
      return throwing();
    },
  }),
  () => ({
    get length() {
      return throwing();
    },
  }),
  () => ({ length: 3 }),
  () => ({ length: -1 }),
  () => ({ length: 2 ** 40 }),
  () => Promise.resolve(1),
  () => new Map([[1, 2]]),
  () => new Set<unknown>([1, 'a']),
  () => new Date(),
  () => () => true,
  () => async () => true,
  () => function* () {},
  () => class {},
  () => ({ k: Symbol('s') }),
  () => ({ k: 1e9 }),
  () => ({ rescore: {} }),
  () => ({ filter: revoked() }),
  () => ({ filter: [Symbol('s')] }),
  () => ({ filter: trapped() }),
  () => ({ dims: 4 }),
  () => ({ dims: 4, bits: Symbol('s') }),
  () => ({ dims: 4, mean: revoked() }),
  () => ({ dims: 4, seed: {} }),
  () => ({ metric: 'dot' }),
  () => ({ metric: 'dot', candidates: revoked() }),
  () => [{ ids: revoked(), scores: [] }],
  () => ({ method: Symbol('s') }),
];

const METHODS = [
  ...['add', 'replace', 'upsert', 'remove', 'removeMany', 'has', 'ids', 'compact', 'calibrate'],
  ...['search', 'searchBatch', 'candidates', 'candidateCount', 'reconstruct'],
  ...['emptyLike', 'stats', 'save', 'createIndex', 'openIndex', 'mergeResults', 'dispose'],
];

it.each([1, 77])(
  'nothing but FewbitsErrors come of odd calls, seed %i',
  async (seed) => {
    const fb: Fewbits = await load({ variant: 'simd128' });
    const below = generator(seed);
    const filled = () => {
      const index = fb.createIndex({ dims: 4 });
      index.add([1, 2, 3, 4, 4, 3, 2, 1]);
      return index;
    };
    let index = filled();
    let refused = 0;
    for (let call = 0; call < (process.env.FEWBITS_LONG ? 50_000 : 3000); call++) {
      const name = METHODS[below(METHODS.length)];
      const args = Array.from({ length: below(4) }, () => values[below(values.length)]());
      const library = { createIndex: fb.createIndex, openIndex: fb.openIndex, mergeResults };
      const owner = (name in library ? library : index) as never as Record<string, () => unknown>;
      try {
        const made = owner[name](...(args as []));
        if (name === 'ids') [...(made as Iterable<unknown>)];
        if (['createIndex', 'openIndex', 'emptyLike'].includes(name))
          (made as Disposable)[Symbol.dispose]();
      } catch (error) {
        if (!(error instanceof FewbitsError))
          expect.fail(`call ${call}, ${name}: ${(error as Error).stack}`);
        refused++;
      }
      if (name === 'dispose' || index.size > 1000) {
        index.dispose();
        index = filled();
      }
    }
    expect(refused).toBeGreaterThan(500);
  },
  300_000,
);
