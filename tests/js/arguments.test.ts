// Unusual arguments: arrays from another realm or with detached memory, odd values, odd option objects. Long
// because each function is called with everything that it should refuse.

import vm from 'node:vm';
import { expect, describe as group, it } from 'vitest';
import {
  describe,
  integer,
  isBytes,
  oneOf,
  options,
  output,
  toBytes,
  toFloat32,
  typedArray,
} from '../../web/dist/core/arguments.js';
import { isDetached, kindOf } from '../../web/dist/core/kinds.js';
import { expectError } from '../support/builds.ts';

const foreign = (code: string) => vm.runInNewContext(code);

function transferred<T extends ArrayBufferView>(x: T): T {
  structuredClone(x, { transfer: [x.buffer as ArrayBuffer] });
  return x;
}

function revoked(target: object = {}): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const throwing = () => {
  throw new Error('enough');
};

/** Values that break code which inspects them carelessly. */
const odd: unknown[] = [
  Symbol('s'),
  Symbol.iterator,
  revoked(),
  revoked([]),
  revoked(() => {}),
  Object.create(null),
  { [Symbol.toPrimitive]: throwing, toString: throwing, valueOf: throwing },
  {
    get constructor() {
      return throwing();
    },
  },
  { constructor: { name: Symbol('name') } },
  {
    get [Symbol.toStringTag]() {
      return throwing();
    },
  },
  {
    get data() {
      return throwing();
    },
  },
  {
    // biome-ignore lint/suspicious/noThenProperty: like a promise whose getter throws
    get then() {
      return throwing();
    },
  },
  new Proxy([], { get: throwing }),
  new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
  Object(1n),
  Object(Symbol('s')),
  Object(1),
  new Array(2 ** 32 - 1),
  [[1, 2]],
  [Symbol('s')],
  [1n],
  { length: 2 ** 53 },
  2n ** 3000n,
  () => {},
  class Foo {},
  new Date(Number.NaN),
  new Map(),
  Promise.resolve(),
  '\u001b[31m\ud800\u2028',
  'x'.repeat(1 << 20),
  -0,
  Number.NaN,
  null,
  undefined,
  true,
];

group('arrays of another realm', () => {
  it.each([
    'Int8Array',
    'Uint8Array',
    'Uint8ClampedArray',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
    'BigInt64Array',
    'BigUint64Array',
    'Float32Array',
    'Float64Array',
  ] as const)('%s is one of its kind and shares its memory', (kind) => {
    const theirs = foreign(`new ${kind}(5).subarray(1, 4)`);
    expect(kindOf(theirs)).toBe(kind);
    expect(describe(theirs)).toBe(`${kind}(3)`);
    const ours = typedArray('x', theirs, [kind], 3);
    expect(ours).toBeInstanceOf(globalThis[kind]);
    expect(ours.length).toBe(3);
    expect(ours.buffer).toBe(theirs.buffer);
    expect(ours.byteOffset).toBe(theirs.byteOffset);
  });

  it('numbers, outputs and bytes are taken', () => {
    const floats = foreign('Float32Array.of(1, 2)');
    expect(toFloat32('x', floats)).toEqual(Float32Array.of(1, 2));
    expect(toFloat32('x', floats).buffer).toBe(floats.buffer);
    expect(toFloat32('x', foreign('Float64Array.of(0.1)'))).toEqual(Float32Array.of(0.1));
    expect(toFloat32('x', foreign('[1, 2]'))).toEqual(Float32Array.of(1, 2));
    expect(output(Float32Array, 2, floats)).toBe(floats);
    const buffer = foreign('Uint8Array.of(1, 2, 3).buffer');
    expect(isBytes(buffer)).toBe(true);
    expect(toBytes('x', buffer)).toEqual(Uint8Array.of(1, 2, 3));
    expect(toBytes('x', foreign('new DataView(new ArrayBuffer(4), 1)')).length).toBe(3);
    expect(options('options', foreign('({ k: 3 })'), ['k'])).toEqual({ k: 3 });
  });

  it("Node's Buffer becomes a plain view, whose slice() copies", () => {
    const pool = Buffer.from('abcdef');
    const bytes = toBytes('x', pool);
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect(Buffer.isBuffer(bytes)).toBe(false);
    bytes.slice(0, 1).fill(0);
    expect(pool.toString()).toBe('abcdef');
    expect(bytes.buffer).toBe(pool.buffer);
    expect(Buffer.isBuffer(typedArray('x', pool, ['Uint8Array']))).toBe(false);
  });

  it('what claims to be one is not', () => {
    for (const fake of [
      { [Symbol.toStringTag]: 'Float32Array', length: 1, 0: 1 },
      Object.create(Float32Array.prototype),
      new Proxy(new Float32Array(1), {}),
    ]) {
      expect(kindOf(fake)).toBe(undefined);
      expectError('INVALID_ARGUMENT', /^x must be a Float32Array/, () => toFloat32('x', fake));
    }
    const buffer = { [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 4 };
    expectError('INVALID_ARGUMENT', /^x must be an ArrayBuffer/, () => toBytes('x', buffer));
  });
});

group('arrays without their memory', () => {
  const grown = (): Float32Array => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
    const view = new Float32Array(memory.buffer, 64, 8);
    memory.grow(1);
    return view;
  };
  const lost = /has lost its memory: .*transferred.*\.slice\(\)/;

  it.each<[string, () => ArrayBufferView]>([
    ['a transferred Float32Array', () => transferred(new Float32Array(4))],
    ['a transferred Float64Array', () => transferred(new Float64Array(4))],
    ['one of another realm', () => transferred(foreign('new Float32Array(4)'))],
    ['one of grown WebAssembly memory', grown],
  ])('%s', (_, make) => {
    const x = make();
    expect(isDetached(x)).toBe(true);
    expectError('INVALID_ARGUMENT', lost, () => toFloat32('x', x));
    expectError('INVALID_ARGUMENT', lost, () => toBytes('x', x));
    expectError('INVALID_ARGUMENT', lost, () => typedArray('x', x, [kindOf(x) as never]));
  });

  it('buffers, DataViews and outputs', () => {
    const view = transferred(new DataView(new ArrayBuffer(4)));
    for (const x of [view, view.buffer, transferred(new Uint8Array(4)).buffer]) {
      expect(isDetached(x)).toBe(true);
      expectError('INVALID_ARGUMENT', lost, () => toBytes('x', x));
    }
    for (const length of [0, 4]) {
      const out = transferred(new Float32Array(4));
      expectError('INVALID_ARGUMENT', lost, () => output(Float32Array, length, out));
    }
    expect(describe(transferred(new Float32Array(4)))).toBe('Float32Array(0) without its memory');
  });

  it('a view that a resizable buffer no longer reaches', () => {
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(length: number): void };
    const buffer = new Resizable(64, { maxByteLength: 64 });
    const fixed = new Float32Array(buffer, 32, 4);
    const whole = new Float32Array(buffer);
    buffer.resize(16);
    expect([isDetached(fixed), isDetached(whole), whole.length]).toEqual([true, false, 4]);
    buffer.resize(0);
    expect([isDetached(whole), whole.length]).toEqual([false, 0]);
  });

  it('empty arrays have theirs', () => {
    for (const empty of [
      new Float32Array(0),
      new Float32Array(4).subarray(4),
      new Float32Array(new WebAssembly.Memory({ initial: 0 }).buffer),
      foreign('new Float32Array(0)'),
    ]) {
      expect(isDetached(empty)).toBe(false);
      expect(toFloat32('x', empty).length).toBe(0);
    }
    expect(toBytes('x', new ArrayBuffer(0)).length).toBe(0);
    expect(toFloat32('x', []).length).toBe(0);
  });
});

group('what to do instead', () => {
  const values: [string, unknown, RegExp][] = [
    [
      'rows',
      [[1, 2]],
      /^x\[0\] must be a number, got an array of 2; .*Float32Array\.from.*flat\(\)/,
    ],
    ['typed rows', [new Float32Array(2)], /^x\[0\] must be a number, got Float32Array\(2\);.*flat/],
    [
      'a hole',
      Object.assign(new Array(3), { 0: 1, 2: 3 }),
      /^x\[1\] must be a number, got undefined$/,
    ],
    ['text in between', [1, '2'], /^x\[1\] must be a number, got '2'$/],
    ['half floats', new Uint16Array(2), /got Uint16Array\(2\); .*floats\.decode/],
    ['int8', new Int8Array(2), /got Int8Array\(2\); convert it: Float32Array\.from\(x\)/],
    ['int64', new BigInt64Array(2), /Float32Array\.from\(x, Number\)/],
    [
      'a tensor',
      { data: new Float32Array(2), dims: [2] },
      /got Object; of a tensor pass its \.data$/,
    ],
    ['a buffer', new ArrayBuffer(8), /got ArrayBuffer; .*new Float32Array\(buffer/],
    ['a promise', Promise.resolve([1]), /got Promise; await it first$/],
    ['JSON', JSON.parse(JSON.stringify(Float32Array.of(1))), /Object\.values\(x\)/],
    ['a Set', new Set([1]), /got Set; collect it first: Float32Array\.from\(x\)$/],
    ['a number', 7, /\(or Float16Array, Float64Array, number\[\]\), got 7$/],
    ['a bigint', 7n, /got 7n$/],
    ['a boxed number', Object(7), /got an object around 7$/],
  ];
  it.each(values)('%s', (_, x, message) => {
    expectError('INVALID_ARGUMENT', message, () => toFloat32('x', x));
  });

  it('an array that changes while it is read is read once', () => {
    let reads = 0;
    const x = new Proxy([1, 2], {
      get(target, key) {
        if (key === '0') return ++reads > 2 ? 'late' : 1;
        return Reflect.get(target, key);
      },
    });
    expect(toFloat32('x', x)).toEqual(Float32Array.of(1, 2));
  });

  it('an array that throws', () => {
    expectError('INVALID_ARGUMENT', /^x cannot be read/, () =>
      toFloat32('x', Object.defineProperty([1, 2], 1, { get: throwing })),
    );
  });
});

group('odd values', () => {
  it('are described in one short line, without throwing', () => {
    for (const [i, value] of odd.entries()) {
      const words = describe(value);
      expect({ i, words, length: words.length < 130 }).toMatchObject({ i, length: true });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not occur
      expect(words).toMatch(/^[^\u0000-\u001f\u2028\ud800]+$/);
    }
    expect(describe(-0)).toBe('-0');
    expect(describe("it's")).toBe("'it's'");
    expect(describe('\u001b[2J')).toBe("'\\u{1b}[2J'");
    expect(describe('x'.repeat(100))).toBe(`'${'x'.repeat(60)}...' of 100 characters`);
    expect(describe(revoked())).toBe('an object that throws when it is looked at');
    expect(describe(2n ** 200n)).toBe('a bigint of many digits');
    expect(describe(Symbol('s'))).toBe('Symbol(s)');
  });

  it('are refused with a FewbitsError by every check', () => {
    for (const value of odd) {
      for (const work of [
        () => toFloat32('x', value),
        () => toBytes('x', value),
        () => typedArray('x', value, ['Uint8Array', 'Int8Array'], 3),
        () => integer('x', value, 1, 3),
        () => oneOf('x', value, ['a', 'b']),
      ]) {
        expectError('INVALID_ARGUMENT', /^x/, work);
      }
      if (value !== undefined) {
        expectError('INVALID_ARGUMENT', /^out/, () => output(Uint8Array, 3, value));
      }
    }
  });
});

group('bags of options', () => {
  it('undefined counts as not given, inherited options count', () => {
    class Preset {
      get k() {
        return 3;
      }
    }
    expect(options('options', { k: undefined, j: 1 }, ['k', 'j'])).toEqual({ j: 1 });
    expect('k' in options('options', { k: undefined }, ['k'])).toBe(false);
    expect(options('options', new Preset(), ['k'])).toEqual({ k: 3 });
    expect(options('options', new Proxy({ k: 3 }, {}), ['k'])).toEqual({ k: 3 });
    expect(options('options', undefined, ['k'])).toEqual({});
  });

  it('are read once', () => {
    let reads = 0;
    const bag = options<{ k: number }>(
      'options',
      {
        get k() {
          return ++reads;
        },
      },
      ['k'],
    );
    expect([bag.k, bag.k, reads]).toEqual([1, 1, 1]);
  });

  it('anything else is refused', () => {
    const k = ['k'];
    expectError('INVALID_ARGUMENT', /^options has no option ''; accepted are k$/, () =>
      options('options', { '': undefined }, k),
    );
    expectError('INVALID_ARGUMENT', /^options cannot be read: enough$/, () =>
      options('options', Object.defineProperty({}, 'k', { get: throwing, enumerable: true }), k),
    );
    for (const value of [
      null,
      [],
      new Map(),
      Promise.resolve({}),
      'k',
      7,
      () => {},
      revoked(),
      new Proxy({}, { ownKeys: throwing }),
      new Float32Array(1),
      Object(1),
    ]) {
      expectError('INVALID_ARGUMENT', /^options (must be an object|cannot be read)/, () =>
        options('options', value, k),
      );
    }
  });
});
