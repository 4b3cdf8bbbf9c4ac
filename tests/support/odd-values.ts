// Values that break code which inspects them carelessly: used in place of arguments, options and their parts.

import vm from 'node:vm';

const throwing = () => {
  throw new Error('enough');
};

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function transferred<T extends ArrayBufferView>(x: T): T {
  structuredClone(x, { transfer: [x.buffer as ArrayBuffer] });
  return x;
}

/** Functions that create them, as calls may change the values. */
export const oddValues: readonly (() => unknown)[] = [
  () => Symbol('s'),
  () => Symbol.iterator,
  () => revoked({}),
  () => revoked([]),
  () => revoked(() => {}),
  () => Object.create(null),
  () => ({ [Symbol.toPrimitive]: throwing, toString: throwing, valueOf: throwing }),
  () => Object.defineProperty({}, 'constructor', { get: throwing }),
  () => ({ constructor: { name: Symbol('name') } }),
  () => Object.defineProperty({}, Symbol.toStringTag, { get: throwing }),
  () => Object.defineProperty({}, Symbol.iterator, { get: throwing }),
  () => ({ [Symbol.iterator]: throwing }),
  () => ({ [Symbol.iterator]: 7 }),
  () => ({ [Symbol.iterator]: () => ({ next: () => 7 }) }),
  () => Object.defineProperty({}, 'data', { get: throwing, enumerable: true }),
  () => Object.defineProperty({}, 'length', { get: throwing, enumerable: true }),
  () => Object.defineProperty([1, 2], 1, { get: throwing }),
  () => new Proxy([], { get: throwing }),
  () =>
    new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
  () => new Proxy(new Float32Array(4), {}),
  () => Object.create(Float32Array.prototype),
  () => Object(1n),
  () => Object(Symbol('s')),
  () => Object(1),
  () => Object('4'),
  () => new Array(2 ** 32 - 1),
  () => new Array(3),
  () => [[1, 2]],
  () => [Symbol('s')],
  () => [1n],
  () => [{ valueOf: throwing }],
  () => [null, undefined],
  () => ({ length: 2 ** 53 }),
  () => ({ length: -1 }),
  () => ({ length: 4, 0: 1, 1: 2, 2: 3, 3: 4 }),
  // biome-ignore lint/suspicious/noThenProperty: like a promise whose getter throws
  () => ({ then: throwing }),
  () => 2n ** 3000n,
  () => 3n,
  () => -1,
  () => 0,
  () => -0,
  () => 0.5,
  () => 2 ** 31,
  () => 2 ** 32,
  () => 2 ** 53,
  () => 1e300,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => '',
  () => '4',
  () => '__proto__',
  () => 'constructor',
  () => '\u001b[31m\ud800\u2028',
  () => 'x'.repeat(1 << 16),
  () => true,
  () => null,
  () => undefined,
  () => () => {},
  () => throwing,
  () => class Foo {},
  () => new Date(Number.NaN),
  () => new Map(),
  () => new Set([1]),
  () => Promise.resolve(4),
  () => /x/g,
  () => new Error('no'),
  () => [],
  () => ({}),
  () => ({ __proto__: { k: 3 } }),
  () => JSON.parse('{"__proto__": 1}'),
  () => globalThis,
  () => new ArrayBuffer(7),
  () => new SharedArrayBuffer(8),
  () => new DataView(new ArrayBuffer(8), 3),
  () => new Float32Array(0),
  () => new Float32Array(3),
  () => Float32Array.of(Number.NaN, 1),
  () => new Float32Array(new SharedArrayBuffer(16)),
  () => new Float64Array(2).fill(1e300),
  () => new Int8Array(5).fill(-128),
  () => new Uint8Array(5).fill(255),
  () => new Uint8ClampedArray(4),
  () => new Uint16Array(4),
  () => new BigInt64Array(2),
  () => Buffer.from('abc'),
  () => transferred(new Float32Array(4)),
  () => transferred(new Uint8Array(4)),
  () => transferred(new Uint8Array(4)).buffer,
  () => vm.runInNewContext('new Float32Array(4)'),
  () => vm.runInNewContext('[1, 2, 3, 4]'),
  () => vm.runInNewContext('({ k: 3 })'),
  () => new Blob(['abc']),
  () => new URL('file:///nowhere'),
];
