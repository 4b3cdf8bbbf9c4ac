// Odd values anywhere in a call give a FewbitsError or are accepted, never an error of the JavaScript engine.

import * as io from 'fewbits/io';
import { expect, it } from 'vitest';

const throwing = () => {
  throw new Error('enough');
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

/**
 * Makers of values that break code which inspects them carelessly; functions, as calls may change the values.
 */
const oddValues: readonly (() => unknown)[] = [
  () => Symbol('s'),
  revoked,
  () => Object.create(null),
  () => ({ [Symbol.toPrimitive]: throwing, toString: throwing, valueOf: throwing }),
  () => new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing }),
  () => new Proxy(new Float32Array(4), {}),
  () => Object.create(Float32Array.prototype),
  () => new Array(2 ** 32 - 1),
  () => [Symbol('s')],
  () => [null, undefined],
  () => ({ length: 2 ** 53 }),
  () => 2n ** 3000n,
  () => -1,
  () => 0.5,
  () => 2 ** 53,
  () => Number.NaN,
  () => '__proto__',
  () => '\u001b[31m\ud800\u2028',
  () => true,
  () => null,
];

/**
 * The places in arguments where something else can be put: the arguments themselves, and anything inside
 * them.
 */
function* placesIn(value: unknown, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (path.length > 0) yield path;
  if (path.length > 4 || typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return;
  for (const [key, one] of Object.entries(value)) yield* placesIn(one, [...path, key]);
}

function put(args: object, path: readonly (string | number)[], odd: unknown): void {
  let at = args as Record<string, object>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, object>;
  Object.defineProperty(at, String(path.at(-1)), { value: odd, enumerable: true });
}

const x = () => Float32Array.of(1, -2, 3, 0.5);
const npy = io.writeNpy({ data: x(), shape: [2, 2] });
const tensors = () => [{ name: 'a', dtype: 'F32' as const, shape: [4], data: x() }];
const safetensors = io.writeSafetensors(tensors(), { of: 'x' });
const entries = () => [
  { key: 'general.name', type: 'string' as const, value: 'x' },
  { key: 'n', type: 'uint64' as const, value: 3n },
  { key: 'list', type: 'array' as const, value: { type: 'f32' as const, values: x() } },
  { key: 'flags', type: 'array' as const, value: { type: 'bool' as const, values: [true, false] } },
];
const parts = () => [{ name: 'a', type: 'F32' as const, shape: [4], data: new Uint8Array(16) }];
const gguf = io.writeGguf(entries(), parts());
const bytes = (given: Uint8Array) => () => [given.slice(), undefined];
const reader = (given: Uint8Array) => () => [
  { size: given.length, read: async (at: number, n: number) => given.slice(at, at + n) },
  { signal: undefined },
];
const drain = async (pieces: AsyncIterable<unknown>) => {
  for await (const _ of pieces);
};
const uniform = {
  codes: Uint8Array.of(1, 2, 3, 4),
  bits: 8,
  scheme: 'symmetric' as const,
  length: 4,
  block: 4,
  columns: null,
  scaleType: 'f32' as const,
  scales: Float32Array.of(1),
  zeroPoints: null,
  minima: null,
  byteLength: 8,
};
const shaped = io.uniformToSafetensors('a', uniform as never);
const shapedFile = io.writeSafetensors(shaped.tensors, shaped.metadata);

const calls = (
  [
    ['readNpy', io.readNpy, () => [npy.slice(), { as: 'bf16' }]],
    ['openNpy', io.openNpy, reader(npy)],
    [
      'npy.read',
      async (...a: [number, number]) => (await io.openNpy(npy)).read(...a),
      () => [1, 2],
    ],
    ['openNpz', io.openNpz, bytes(npy)],
    ['writeNpy', io.writeNpy, () => [{ data: x(), shape: [2, 2], type: 'f32' }, { version: 2 }]],
    ['npyHeader', io.npyHeader, () => ['f32', [4, 4], { version: 1, bigEndian: true }]],
    ['readSafetensors', io.readSafetensors, bytes(safetensors)],
    ['openSafetensors', io.openSafetensors, reader(safetensors)],
    ['file.float32', (name: string) => io.readSafetensors(safetensors).float32(name), () => ['a']],
    [
      'file.bytes',
      async (...a: [string, number, number]) => (await io.openSafetensors(safetensors)).bytes(...a),
      () => ['a', 0, 4],
    ],
    ['writeSafetensors', io.writeSafetensors, () => [tensors(), { of: 'x' }]],
    ['planSafetensors', io.planSafetensors, () => [tensors(), { of: 'x' }]],
    [
      'streamSafetensors',
      (plan: io.SafetensorsPlan, data: () => Uint8Array) => drain(io.streamSafetensors(plan, data)),
      () => [io.planSafetensors(tensors()), () => new Uint8Array(16)],
    ],
    ['readGguf', io.readGguf, bytes(gguf)],
    ['openGguf', io.openGguf, reader(gguf)],
    ['gguf.tensor', (name: string) => io.readGguf(gguf).tensor(name), () => ['a']],
    ['writeGguf', io.writeGguf, () => [entries(), parts(), { alignment: 32, longNames: false }]],
    ['planGguf', io.planGguf, () => [entries(), parts(), { alignment: 32 }]],
    [
      'streamGguf',
      (plan: io.GgufPlan, data: () => Uint8Array) => drain(io.streamGguf(plan, data)),
      () => [io.planGguf(entries(), parts()), () => new Uint8Array(16)],
    ],
    ['encodeF16', io.encodeF16, () => [x()]],
    ['decodeF16', io.decodeF16, () => [Uint16Array.of(1, 2), new Float32Array(2)]],
    ['encodeBF16', io.encodeBF16, () => [x()]],
    ['decodeBF16', io.decodeBF16, () => [Uint16Array.of(1, 2), new Float32Array(2)]],
    ['readRawF32', io.readRawF32, () => [new Uint8Array(64)]],
    ['openRawF32', io.openRawF32, reader(new Uint8Array(64))],
    ['writeRawF32', io.writeRawF32, () => [x()]],
    ['readImatrix', io.readImatrix, bytes(gguf)],
    ['openImatrix', io.openImatrix, reader(gguf)],
    ['toFloat32', io.toFloat32, () => [Int8Array.of(1, 2), 'int8']],
    ['uniformToSafetensors', io.uniformToSafetensors, () => ['a', { ...uniform }, [2, 2]]],
    [
      'uniformFromSafetensors',
      io.uniformFromSafetensors,
      () => [io.readSafetensors(shapedFile), 'a'],
    ],
    ['uniformNames', io.uniformNames, () => [io.readSafetensors(shapedFile)]],
  ] as unknown as [string, (...args: never[]) => unknown, () => unknown[]][]
).map(([name, call, args]) => ({ name, call, args }));

/** Errors thrown by a caller's own functions are passed on. */
const isOwn = (name: string, place: string) =>
  (name.startsWith('open') && place === '0.read') || (name.startsWith('stream') && place === '1');

it.each(calls)('$name', async ({ name, call, args }) => {
  const surprises: string[] = [];
  let refused = 0;
  for (const path of placesIn(args())) {
    if (isOwn(name, path.join('.'))) continue;
    for (const odd of oddValues) {
      const given = args();
      put(given, path, odd());
      try {
        await call(...(given as never[]));
      } catch (error) {
        if (error instanceof io.FewbitsError) refused++;
        else surprises.push(`${path.join('.')} is ${odd}: ${error}`);
      }
    }
  }
  expect(surprises).toEqual([]);
  expect(refused).toBeGreaterThan(oddValues.length / 2);
});
