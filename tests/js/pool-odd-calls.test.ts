// Odd values in calls of a pool: they throw a FewbitsError, and the pool and its workers continue to work.

import { FewbitsError } from 'fewbits';
import { createConverterPool } from 'fewbits/models';
import { createPool, openPool } from 'fewbits/pool';
import { Client } from 'fewbits/rpc';
import { expect, it } from 'vitest';
import { noise } from '../support/builds.ts';

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const throwing = () => {
  throw new Error('enough');
};

const odd: unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  Number.NaN,
  2 ** 53,
  5n,
  '',
  '\ud800',
  Symbol('s'),
  () => {},
  async () => true,
  class Foo {},
  {},
  [],
  [[]],
  [undefined],
  [Symbol('s')],
  [1, 2, 3, Symbol('s')],
  new Map([[1, 2]]),
  new Set(),
  Promise.resolve(true),
  /x/,
  new Date(Number.NaN),
  Object(1n),
  Object(Symbol('s')),
  Object.create(null),
  { length: 2 ** 53 },
  { length: -1 },
  { length: 4, 0: {} },
  new Array(2 ** 32 - 1),
  new Uint8Array(3),
  new BigInt64Array(2),
  new DataView(new ArrayBuffer(4)),
  new ArrayBuffer(3),
  revoked({}),
  revoked([]),
  revoked(() => {}),
  new Proxy([], { get: throwing }),
  new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
  { [Symbol.toPrimitive]: throwing, toString: throwing, valueOf: throwing },
  { [Symbol.iterator]: throwing },
  { [Symbol.iterator]: 5 },
  Object.defineProperty({}, 'signal', { enumerable: true, get: throwing }),
  Object.defineProperty({}, Symbol.toStringTag, { get: throwing }),
  { signal: 5 },
  { signal: { aborted: true } },
  { signal: revoked({}) },
  { transfer: {} },
  { partial: 1 },
  { k: Symbol('k') },
  { k: '5' },
  { rescore: {} },
  { filter: 5 },
  { filter: Symbol('f') },
  { filter: revoked([]) },
  { filter: throwing, k: 1n },
  { method: {} },
  { dims: 4, createWorker: throwing },
  { dims: 4, createWorker: () => revoked({}) },
  { dims: 4, createWorker: () => Promise.resolve() },
  { dims: 4, startTimeout: Symbol('t') },
  { dims: 4, workers: 2n },
  { dims: 4, mean: [Symbol('m')] },
  { dims: 4, wasm: {}, workers: 1 },
  { dims: Symbol('d') },
  { wasm: Symbol('w') },
  { wasm: revoked({}) },
  { variant: Object(Symbol('v')) },
];

it('throw FewbitsErrors and nothing else', async () => {
  const pool = await createPool({ dims: 4, workers: 2 });
  const good = noise(4);
  await pool.add(noise(8));
  const file = await pool.save();
  const converter = createConverterPool({ workers: 1 });
  const conversion = { bytes: new Uint8Array(4), from: 'F32', to: 'F16', rowLength: 1 } as const;
  // biome-ignore lint/suspicious/noExplicitAny: the arguments are wrong on purpose.
  const calls: [string, (x: any, y: any) => unknown][] = [
    ['add', (x) => pool.add(x)],
    ['add, ids', (x) => pool.add(good, x)],
    ['add, options', (x) => pool.add(good, undefined, x)],
    ['add, all', (x, y) => pool.add(x, y, x)],
    ['replace', (x) => pool.replace(x, 0)],
    ['replace, ids', (x) => pool.replace(good, x)],
    ['upsert', (x) => pool.upsert(x, 0)],
    ['upsert, ids', (x) => pool.upsert(good, x)],
    ['remove', (x) => pool.remove(x)],
    ['removeMany', (x) => pool.removeMany(x)],
    ['has', (x) => pool.has(x)],
    ['search', (x) => pool.search(x)],
    ['search, options', (x) => pool.search(good, x)],
    ['searchBatch', (x, y) => pool.searchBatch(x, y)],
    ['reconstruct', (x) => pool.reconstruct(x)],
    ['calibrate', (x, y) => pool.calibrate(x, y)],
    ['restart', (x) => pool.restart(x)],
    ['createPool', (x) => createPool(x).then((made) => made.dispose())],
    ['openPool', (x) => openPool(x)],
    ['openPool, options', (x) => openPool(file, x).then((made) => made.dispose())],
    [
      'createConverterPool',
      (x) => {
        using made = createConverterPool(x);
        return made.concurrency;
      },
    ],
    ['convert', (x) => converter.convert(x)],
    ['convert, parts', (x, y) => converter.convert({ ...conversion, bytes: x, from: y })],
    ['convert, more', (x, y) => converter.convert({ ...conversion, importance: x, spare: y })],
    ['Client', (x) => new Client(x).call('any', 0)],
    ['Client, options', (x) => new Client(throwing, x)],
    ['Client, call', (x, y) => new Client(throwing).call('any', x, y)],
  ];
  const others: string[] = [];
  let refused = 0;
  let made = 0;
  for (const [name, call] of calls) {
    for (const [i, x] of odd.entries()) {
      made++;
      try {
        await call(x, odd[(i * 7 + 3) % odd.length]);
      } catch (error) {
        if (error instanceof FewbitsError) refused++;
        else others.push(`${name} of ${i}: ${error}`);
      }
    }
  }
  expect(others).toEqual([]);
  expect(refused).toBeGreaterThan(made / 2);
  expect(pool.lost).toEqual([]);
  await pool.removeMany([...pool.ids()]);
  await pool.add(good, ['good']);
  expect((await pool.search(good)).ids).toEqual(['good']);
  pool.dispose();
  expect((await converter.convert(conversion)).bytes.length).toBe(2);
  converter.dispose();
}, 120_000);
