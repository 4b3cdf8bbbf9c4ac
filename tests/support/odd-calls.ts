// Random calls of all public functions with odd values in some places, and their outcomes.

import type { Fewbits } from 'fewbits';
import { FewbitsError } from 'fewbits';
import { noise } from './builds.ts';
import { oddValues } from './odd-values.ts';

/** A function and valid arguments for it, created for each call. */
export interface PublicCall {
  readonly name: string;
  readonly call: (...args: never[]) => unknown;
  readonly args: () => unknown[];
}

/** An error that is not a FewbitsError, and what caused it. */
export interface Surprise {
  readonly name: string;
  readonly place: string;
  readonly value: string;
  readonly error: string;
}

/** A generator of numbers from 0 to 1, repeatable for a seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * The places in a value where something else can be put: the value itself, and the contents of plain objects
 * and arrays.
 */
function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  const places = [path];
  if (path.length > 3 || typeof value !== 'object' || value === null) return places;
  const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!plain) return places;
  for (const key of Object.keys(value).slice(0, 12)) {
    places.push(...placesIn((value as Record<string, unknown>)[key], [...path, key]));
  }
  return places;
}

function put(args: unknown[], path: readonly (string | number)[], odd: unknown): void {
  let at = args as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  const last = String(path.at(-1));
  Object.defineProperty(at, last, { value: odd, enumerable: true, configurable: true });
}

/** Makes `count` calls, each with an odd value in one or two places. */
export async function makeOddCalls(
  calls: readonly PublicCall[],
  count: number,
  seed: number,
): Promise<{ surprises: Surprise[]; refused: number }> {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)];
  const surprises: Surprise[] = [];
  let refused = 0;
  for (let i = 0; i < count; i++) {
    const { name, call, args: make } = pick(calls);
    const args = make();
    const places = placesIn(args).filter((path) => path.length > 0);
    const chosen: string[] = [];
    const values: number[] = [];
    for (let odd = next() < 0.2 ? 2 : 1; odd > 0; odd--) {
      const place = pick(places);
      if (chosen.some((one) => place.join('.').startsWith(one))) continue;
      const value = Math.floor(next() * oddValues.length);
      const given = oddValues[value]();
      // Errors of a caller's own function are passed on.
      const isFilter = place.at(-1) === 'filter' || `${name} ${place}` === 'index.candidates 2';
      if (isFilter && typeof given === 'function') continue;
      put(args, place, given);
      chosen.push(place.join('.'));
      values.push(value);
    }
    try {
      await call(...(args as never[]));
    } catch (error) {
      if (error instanceof FewbitsError) refused++;
      else {
        const value = values.map((one) => String(oddValues[one])).join(' and ');
        surprises.push({ name, place: chosen.join(' and '), value, error: String(error) });
      }
    }
  }
  return { surprises, refused };
}

const dims = 8;
const x = () => noise(64);

type Work = (...args: never[]) => unknown;

/** A method of an object, named after both, with valid arguments. */
const method = (of: object, name: string, args: () => unknown[]): PublicCall => ({
  name,
  call: ((of as Record<string, Work>)[name.split('.').at(-1) ?? ''] as Work).bind(of),
  args,
});

function numberCalls(fb: Fewbits): PublicCall[] {
  const q = fb.uniform.quantize(x(), { block: 32 });
  const plain = { bits: 4, scheme: 'symmetric', block: 32, rounding: 'nearest', scaleType: 'f32' };
  const codes = () => Uint8Array.of(1, 2, 3);
  return [
    method(fb.uniform, 'uniform.quantize', () => [x(), { ...plain }]),
    method(fb.uniform, 'uniform.quantize', () => [x(), { axis: 0, shape: [8, 8] }]),
    method(fb.uniform, 'uniform.dequantize', () => [structuredClone(q), new Float32Array(64)]),
    method(fb.uniform, 'uniform.codes', () => [structuredClone(q)]),
    method(fb.int4, 'int4.quantize', () => [x(), { scaleMethod: 'minmax' }]),
    method(fb.int4, 'int4.dequantize', () => [Int8Array.of(1, 2, 3), 0.1, 0]),
    method(fb.int4, 'int4.pack', () => [Int8Array.of(1, 2, 3)]),
    method(fb.int4, 'int4.unpack', () => [codes(), 5]),
    method(fb.bits, 'bits.pack', () => [codes(), 4]),
    method(fb.bits, 'bits.unpack', () => [codes(), 4, 5]),
    method(fb, 'compare', () => [x(), x()]),
  ];
}

function formatCalls(fb: Fewbits): PublicCall[] {
  const halves = fb.floats.encode(x(), 'f16');
  const blocks = fb.ggml.quantize(noise(256), 'Q4_0');
  const out = () => new Float32Array(256);
  const { data, info } = fb.distributional.quantize(x(), { k: 4 });
  const normal = { k: 4, dist: 'gaussian', packbits: true, beta: null, zero: null };
  const ggml = () => ({ rowLength: 256, importance: new Float32Array(256).fill(1) });
  return [
    method(fb.floats, 'floats.encode', () => [x(), 'f16']),
    method(fb.floats, 'floats.decode', () => [halves.slice(), 'f16', 64, new Float32Array(64)]),
    method(fb.floats, 'floats.inspect', () => [1.5, 'bf16']),
    method(fb.ggml, 'ggml.quantize', () => [noise(256), 'Q4_0', ggml()]),
    method(fb.ggml, 'ggml.dequantize', () => [blocks.slice(), 'Q4_0', 256, out()]),
    method(fb.kquant, 'kquant.quantize', () => [noise(256), {}]),
    method(fb.distributional, 'distributional.quantize', () => [x(), { ...normal }]),
    method(fb.distributional, 'distributional.quantize', () => [x(), { k: 3, shape: [8, 8] }]),
    method(fb.distributional, 'distributional.dequantize', () => structuredClone([data, info])),
    method(fb.distributional, 'distributional.codebook', () => [
      { dist: 'gaussian', n: 16, beta: 1, p: 1 },
    ]),
  ];
}

function layerCalls(fb: Fewbits): PublicCall[] {
  const { linear } = fb;
  const layer = linear.create({ weights: x(), shape: [8, 8], weightBits: 8 });
  const bits = { weightBits: 8, activationBits: 8 };
  return [
    method(linear, 'linear.create', () => [
      { weights: x(), shape: [8, 8], bias: noise(8), ...bits },
    ]),
    method(linear, 'linear.matmul', () => [
      new Int8Array(16),
      new Int8Array(16),
      { m: 4, n: 4, k: 4 },
    ]),
    method(layer, 'forward', () => [noise(16), 2]),
  ];
}

function indexCalls(fb: Fewbits): PublicCall[] {
  const index = fb.createIndex({ dims, bits: 4 });
  index.add(noise(20 * dims));
  const file = index.save();
  /** A call on a fresh index, as calls change it. */
  const on = (name: string, args: () => unknown[], empty = false): PublicCall => {
    const call: Work = (...given) => {
      using fresh = empty ? fb.createIndex({ dims }) : fb.openIndex(file);
      return (fresh as unknown as Record<string, Work>)[name](...given);
    };
    return { name: `index.${name}`, call, args };
  };
  /** A call that creates an index, which is then disposed. */
  const making = (name: 'createIndex' | 'openIndex', args: () => unknown[]): PublicCall => {
    const make = fb[name] as (...given: never[]) => Disposable;
    return { name, call: (...given) => make(...given)[Symbol.dispose](), args };
  };
  const vectors = () => noise(2 * dims);
  const settings = { dims, bits: 4, metric: 'cosine', quality: 'best', refine: 8, seed: 1 };
  return [
    making('createIndex', () => [{ ...settings, mean: noise(dims) }]),
    making('openIndex', () => [file.slice()]),
    on('add', () => [vectors(), ['a', 'b']]),
    on('search', () => [noise(dims), { k: 3, filter: [1, 2, 3], rescore: 2 }]),
    on('searchBatch', () => [vectors(), { k: 3 }]),
    on('candidates', () => [noise(dims), 3, [1, 2]]),
    on('candidateCount', () => [{ k: 3, rescore: 2 }]),
    on('remove', () => [1]),
    on('removeMany', () => [[1, 2]]),
    on('has', () => [1]),
    on('reconstruct', () => [1]),
    on('replace', () => [noise(dims), 1]),
    on('upsert', () => [vectors(), [1, 99]]),
    on('calibrate', () => [noise(40 * dims), { method: 'axes' }], true),
  ];
}

/** Calls of all functions of the loaded library. */
export const libraryCalls = (fb: Fewbits): PublicCall[] => [
  ...numberCalls(fb),
  ...formatCalls(fb),
  ...layerCalls(fb),
  ...indexCalls(fb),
];
