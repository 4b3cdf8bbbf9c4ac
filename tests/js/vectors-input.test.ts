// Input of every kind: shapes of vectors, filters, and use of an index and its results. Long because each
// kind of input goes through every call.

import vm from 'node:vm';
import { type Fewbits, type Id, load, type SearchOptions, type VectorsInput } from 'fewbits';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeOf } from '../support/builds.ts';

let fb: Fewbits;
beforeAll(async () => {
  fb = await load({ variant: 'simd128' });
});

const dims = 4;
const flat = Float32Array.of(1, 2, 3, 4, 8, 7, 6, 5);
const filled = (ids?: Id[], settings = {}) => {
  const index = fb.createIndex({ dims, bits: 8, ...settings });
  index.add(flat, ids);
  return index;
};
const message = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect((error as { code?: string }).code).toBe('INVALID_ARGUMENT');
    return (error as Error).message;
  }
  return 'passed';
};

describe('vectors', () => {
  const halves = () => new Uint16Array(fb.floats.encode(flat, 'f16').slice().buffer);
  const codes = Int8Array.from(flat, (x) => 2 * x);
  const foreign = (text: string) => vm.runInNewContext(text) as VectorsInput;
  const taken: Record<string, () => VectorsInput> = {
    Float32Array: () => flat,
    Float64Array: () => Float64Array.from(flat),
    'an array of numbers': () => [...flat],
    'rows of numbers': () => [
      [1, 2, 3, 4],
      [8, 7, 6, 5],
    ],
    'rows of Float32Array': () => [flat.subarray(0, 4), flat.subarray(4)],
    'rows of any kind': () => [[1, 2, 3, 4], Float64Array.of(8, 7, 6, 5)],
    'rows that are tensors': () => [
      { data: flat.slice(0, 4), dims: [1, 4] },
      { data: flat.slice(4), dims: [4] },
    ],
    'a tensor': () => ({ data: flat, dims: [2, 4], type: 'float32', size: 8 }),
    'an array with a shape, as of readNpy()': () => ({ data: flat, shape: [2, 4] }),
    'a tensor of half floats': () => ({ data: halves(), dims: [2, 4], type: 'float16' }),
    'half floats': () => ({ data: halves(), type: 'float16' }),
    'int8 with a scale': () => ({ data: codes, scale: 0.5 }),
    'a tensor of another realm': () =>
      foreign('({ data: Float32Array.of(1, 2, 3, 4, 8, 7, 6, 5), dims: [2, 4], type: "float32" })'),
    'rows of another realm': () => foreign('[[1, 2, 3, 4], Float32Array.of(8, 7, 6, 5)]'),
  };

  it.each(Object.entries(taken))('%s', (_, make) => {
    using expected = filled();
    using index = fb.createIndex({ dims, bits: 8 });
    index.add(make());
    expect(index.save()).toEqual(expected.save());
    expect(index.searchBatch(make())).toEqual(expected.searchBatch(flat));
  });

  it('one vector in every shape', () => {
    using index = filled();
    const one = flat.slice(4);
    for (const query of [one, [8, 7, 6, 5], [one], [[8, 7, 6, 5]], { data: one, dims: [1, 4] }]) {
      expect(index.search(query, { k: 1 }).ids).toEqual([1]);
      index.upsert(query, 'x');
      index.replace(query, 'x');
      index.remove('x');
      index.add(query, 'x');
      index.remove('x');
    }
    const scaled = { data: Int8Array.from(one), scale: 3 };
    using dot = fb.createIndex({ dims, bits: 8, metric: 'dot' });
    dot.add(scaled);
    expect(dot.search([1, 1, 1, 1]).scores[0]).toBeCloseTo(78, 0);
  });

  it.each([
    ['an Int8Array', Int8Array.from(flat), /scale.*Float32Array\.from/],
    ['a Uint16Array', Uint16Array.from(flat), /float16.*floats\.decode/],
    ['a Uint8Array', Uint8Array.from(flat), /dequantizeEmbeddings/],
    [
      'int64',
      { data: BigInt64Array.of(1n, 2n, 3n, 4n), dims: [1, 4], type: 'int64' },
      /int64.*tokens/,
    ],
    ['int32', { data: Int32Array.of(1, 2, 3, 4), dims: [1, 4], type: 'int32' }, /int32/],
    ['all tokens', { data: new Float32Array(8), dims: [1, 2, 4], type: 'float32' }, /pooling/],
    ['rows of rows', [[[1, 2, 3, 4]]], /pooling/],
    ['a tensor of another model', { data: flat, dims: [1, 8] }, /\[1, 8\], not \[n, 4\]/],
    ['rows of another model', [[...flat]], /vectors\[0\] must have 4 values, got 8/],
    [
      'rows of several models',
      [
        [1, 2, 3, 4],
        [1, 2],
      ],
      /vectors\[1\] must have 4 values, got 2/,
    ],
    ['sizes that are not so', { data: flat, dims: [3, 4] }, /must have 12 values, .* got 8/],
    ['a scale that is none', { data: Int8Array.of(1, 2, 3, 4), scale: '2' }, /scale/],
    ['no whole vectors', [1, 2, 3], /vectors of 4 values each, got 3/],
    ['texts', ['a', 'b'], /vectors\[0\] must be a number/],
    ['a promise', Promise.resolve(flat), /await/],
    ['a row that is missing', [[1, 2, 3, 4], undefined], /vectors\[1\]/],
  ])('%s: refused with a remedy', (_, given, words) => {
    using index = filled();
    const before = index.save();
    expect(message(() => index.add(given as never))).toMatch(words);
    expect(index.save()).toEqual(before);
    expect(message(() => index.search(given as never))).not.toBe('passed');
    expect(message(() => index.upsert(given as never, ['a', 'b']))).not.toBe('passed');
  });

  it('two for one, as of a model of more dimensions, are refused where one is meant', () => {
    using index = filled(['a', 'b']);
    const before = index.save();
    for (const work of [
      () => index.add(flat, ['c']),
      () => index.add(flat, 'c'),
      () => index.replace(flat, 'a'),
      () => index.replace(flat, ['a']),
      () => index.upsert(flat, ['c']),
      () => index.search(flat),
      () => index.candidates(flat, 5),
    ]) {
      expect(message(work)).toMatch(/model/);
    }
    expect(index.save()).toEqual(before);
  });

  it('tensors that cannot be read say why', () => {
    using index = filled();
    const onGpu = {
      get data(): Float32Array {
        throw new Error('The data is not on CPU. Use getData()');
      },
      dims: [1, 4],
    };
    expect(message(() => index.add(onGpu))).toMatch(/not on CPU/);
  });

  it.each(['dot', 'l2'] as const)(
    '%s: a norm that is too large is named with its row',
    (metric) => {
      using index = filled(undefined, { metric });
      const x = new Float32Array(3 * dims).fill(1);
      x[2 * dims + 1] = 1e19;
      for (const work of [() => index.add(x), () => index.upsert(x, [7, 8, 9])]) {
        expect(message(work)).toMatch(/vector 2 of vectors has a norm of about 1E19, above 1e18/);
      }
      expect(message(() => index.search(x.subarray(2 * dims)))).toMatch(/^query has a norm/);
      const many = new Float32Array(200 * dims).fill(1);
      many[150 * dims] = 1e30;
      expect(message(() => index.searchBatch(many))).toMatch(/vector 150 of queries/);
      many[150 * dims] = Number.NaN;
      expect(() => index.searchBatch(many)).toThrow(`queries[${150 * dims}]`);
      using empty = fb.createIndex({ dims, metric });
      expect(message(() => empty.calibrate(x))).toMatch(/vector 2 of sample/);
      using centred = fb.createIndex({ dims, metric, mean: [9e17, 0, 0, 0] });
      expect(message(() => centred.add([0, 0, 0, 0, -9e17, 0, 0, 0]))).toMatch(
        /vector 1 of vectors less the mean of the index has a norm above 1e18 \(by itself of about 9E17\)/,
      );
      expect(index.size).toBe(2);
    },
  );
});

describe('filters', () => {
  const ids = (index: ReturnType<typeof filled>, filter: unknown) =>
    index.search([1, 2, 3, 4], { filter: filter as SearchOptions['filter'] }).ids;

  it('of every kind find what they let through', () => {
    using index = filled();
    const foreign = vm.runInNewContext('Uint8Array.of(2)');
    for (const filter of [
      [1],
      new Set([1, 5, 'x']),
      Float64Array.of(1),
      Uint8Array.of(2),
      foreign,
      (id: Id) => id === 1,
      (id: Id) => (id === 1 ? 'yes' : ''),
      [1].values(),
    ]) {
      expect(ids(index, filter)).toEqual([1]);
    }
    expect(ids(index, [])).toEqual([]);
    expect(ids(index, [77])).toEqual([]);
    using empty = fb.createIndex({ dims });
    for (const filter of [['x'], [1n], [1], Uint8Array.of(1)])
      expect(ids(empty, filter)).toEqual([]);
  });

  it.each([
    ['an async function', async () => true, /AsyncFunction/],
    ['a function that returns a promise', () => Promise.reject(new Error('no')), /promise.*list/],
    ['a function that returns a thenable', () => Object.create(Promise.prototype), /promise/],
    ['a generator function', function* () {}, /GeneratorFunction/],
    ['a promise', Promise.resolve([1]), /await/],
    ['texts for numbers', ['0', '1'], /strings.*numbers.*convert/],
    ['bigints for numbers', [0n, 1n], /bigints.*numbers/],
    ['objects', [{ id: 1 }], /filter\[0\]/],
    ['fractions', [1, 1.5], /filter\[1\]/],
    ['a Map', new Map([[1, true]]), /filter\[0\]/],
    ['a number', 5, /got 5/],
    ['null', null, /null/],
  ])('%s: refused with the reason', (_, filter, words) => {
    using index = filled();
    expect(message(() => ids(index, filter))).toMatch(words);
    expect(message(() => index.candidates([1, 2, 3, 4], 5, filter as never))).toMatch(words);
    const options = { filter: filter as never };
    expect(message(() => index.searchBatch(flat, options))).toMatch(words);
  });

  it('a bitmap for ids that are no numbers is refused', () => {
    using index = filled(['a', 'b']);
    expect(message(() => ids(index, Uint8Array.of(255)))).toMatch(/bitmap/);
    using mixed = filled(['a', 3]);
    expect(ids(mixed, Uint8Array.of(8))).toEqual([3]);
  });

  it('a filter that changes the index is refused', () => {
    using index = filled();
    const changes = [
      () => index.add([1, 1, 1, 1]),
      () => index.remove(1),
      () => index.upsert([1, 1, 1, 1], 'new'),
    ];
    for (const change of changes) {
      const filter = () => {
        change();
        return true;
      };
      expect(message(() => ids(index, filter))).toMatch(/changed the index/);
    }
    function* list() {
      yield 0;
      index.add([1, 1, 1, 1]);
      yield 2;
    }
    expect(message(() => ids(index, list()))).toMatch(/changed the index/);
    expect(index.search([1, 2, 3, 4], { k: 100 }).ids.length).toBe(index.size);
    const ending = () => {
      index.dispose();
      return true;
    };
    expect(codeOf(() => ids(index, ending))).toBe('DISPOSED');
  });
});

describe('results', () => {
  it('are arrays in JSON, and Float32Arrays elsewhere', () => {
    using index = filled(['a', 'b']);
    const result = index.search([1, 2, 3, 4]);
    expect(result.scores).toBeInstanceOf(Float32Array);
    const parsed = { ids: result.ids, scores: [...result.scores] };
    expect(JSON.parse(JSON.stringify(result))).toEqual(parsed);
    expect(JSON.parse(JSON.stringify({ ...result, query: 'x' }))).toEqual({
      ...parsed,
      query: 'x',
    });
    expect(JSON.parse(JSON.stringify(index.searchBatch(flat)[0]))).toEqual(parsed);
    expect(structuredClone(result)).toEqual(result);
    const { scores, estimates } = JSON.parse(JSON.stringify(index.candidates(flat.subarray(4), 2)));
    expect([Array.isArray(scores), Array.isArray(estimates)]).toEqual([true, true]);
  });

  it('are all for k of Infinity, and none for the size of an empty index', () => {
    using index = filled();
    expect(index.search(flat.subarray(4), { k: Infinity }).ids).toEqual([1, 0]);
    expect(index.candidateCount({ k: Infinity })).toBe(20);
    using empty = fb.createIndex({ dims });
    for (const k of [Infinity, empty.size, 3]) {
      expect(empty.search(flat.subarray(4), { k }).ids).toEqual([]);
    }
    expect(message(() => index.search(flat.subarray(4), { k: 0 }))).toMatch(/k must be/);
    expect(message(() => index.search(flat.subarray(4), { k: 2 ** 21 }))).toMatch(/Infinity/);
  });

  it('stay within the range of the metric', () => {
    for (const bits of [1, 2, 3, 4, 6, 8] as const) {
      using index = fb.createIndex({ dims: 3, bits });
      const x = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i * i));
      index.add(x);
      for (let i = 0; i < 300; i += 3) {
        const { scores } = index.search(x.subarray(i, i + 3), { k: 100 });
        expect(scores.every((score) => score >= -1 && score <= 1)).toBe(true);
        expect([...scores]).toEqual([...scores].sort((a, b) => b - a));
      }
    }
  });

  it('of many neighbours leave no memory behind', () => {
    using index = fb.createIndex({ dims, bits: 1, quality: 'fast' });
    index.add(Float32Array.from({ length: 100_000 * dims }, (_, i) => Math.sin(i)));
    index.search(flat.subarray(4), { k: 100_000 });
    const before = fb.memoryBytes;
    expect(index.searchBatch(new Float32Array(64 * dims).fill(1), { k: Infinity }).length).toBe(64);
    expect(fb.memoryBytes - before).toBeLessThan(50e6);
  });
});

describe('an index as an object', () => {
  it('answers nothing once it was disposed of', () => {
    const index = filled();
    const ids = index.ids();
    ids.next();
    index.dispose();
    index.dispose();
    const one = flat.subarray(4);
    const calls: Record<string, () => unknown> = {
      size: () => index.size,
      byteLength: () => index.byteLength,
      has: () => index.has(0),
      ids: () => index.ids(),
      'ids under way': () => ids.next(),
      add: () => index.add(flat),
      remove: () => index.remove(0),
      removeMany: () => index.removeMany([0]),
      replace: () => index.replace(one, 0),
      upsert: () => index.upsert(one, 0),
      compact: () => index.compact(),
      emptyLike: () => index.emptyLike(),
      search: () => index.search(one),
      searchBatch: () => index.searchBatch(flat),
      candidates: () => index.candidates(one, 3),
      candidateCount: () => index.candidateCount(),
      reconstruct: () => index.reconstruct(0),
      calibrate: () => index.calibrate(flat),
      stats: () => index.stats(),
      save: () => index.save(),
      savePieces: () => [...index.savePieces()],
    };
    for (const [name, call] of Object.entries(calls))
      expect([name, codeOf(call)]).toEqual([name, 'DISPOSED']);
  });

  it('says what it is, and that it cannot be cloned', () => {
    using index = filled();
    expect(Object.prototype.toString.call(index)).toBe('[object VectorIndex]');
    expect(() => structuredClone(index)).toThrow(/cannot be cloned.*save\(\)/);
    expect(() => structuredClone({ state: [index] })).toThrow(/cannot be cloned/);
  });
});
