// An option that is `undefined` counts as not given: for every option of every exported type, one by one.

import {
  dequantizeEmbeddings,
  load,
  mergeResults,
  quantizeEmbeddings,
  type VectorIndex,
} from 'fewbits';
import * as io from 'fewbits/io';
import {
  createConverter,
  createConverterPool,
  openModel,
  planModel,
  quantizeModel,
} from 'fewbits/models';
import { createPool, openPool } from 'fewbits/pool';
import { Client } from 'fewbits/rpc';
import { describe, expect, it } from 'vitest';
import { noise } from '../support/builds.ts';
import { optionalProperties } from '../support/declarations.ts';

/** Types that only the library creates, or that only work in a page. */
const NOT_TRIED = [
  ...['GgmlTarget', 'ModelTensor', 'PoolSearchResult', 'Support'],
  ...['SaveOptions', 'StoreOptions'],
];

const fb = await load({ variant: 'simd128' });
const x = noise(256);
const index = fb.createIndex({ dims: 8, refine: 8 });
index.add(x);
const file = index.save();
const found = index.candidates(x.subarray(0, 8), 3);
const info = fb.distributional.quantize(x, { k: 4 });
const npy = io.writeNpy({ data: x });
const matrix = { name: 'blk.0.attn_k.weight', type: 'F32', shape: [4, 64] } as const;
const bytesOfX = new Uint8Array(x.buffer);
const gguf = io.writeGguf([], [{ ...matrix, data: bytesOfX }]);

/** The file of an index, which is disposed. */
function saved(made: VectorIndex): Uint8Array {
  using gone = made;
  return gone.save();
}

async function joined(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) parts.push(piece.slice());
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const inPool = async <T>(work: (pool: Awaited<ReturnType<typeof openPool>>) => Promise<T>) => {
  using pool = await openPool(file, { workers: 1 });
  return await work(pool);
};

/** A worker that never answers: only the messages to it matter. */
function silentWorker() {
  const sent: unknown[] = [];
  const worker = {
    sent,
    postMessage: (message: unknown) => sent.push(message),
    addEventListener: () => undefined,
    terminate: () => undefined,
  };
  return worker;
}

// biome-ignore lint/suspicious/noExplicitAny: options of every type, with the required ones
type Use = readonly [needed: object, use: (options: any) => unknown];

const uses: Record<string, Use> = {
  UniformOptions: [{}, (o) => fb.uniform.quantize(x, o)],
  Int4Options: [{}, (o) => fb.int4.quantize(x, o)],
  KquantOptions: [{}, (o) => fb.kquant.quantize(x, o)],
  Nf4Options: [{}, (o) => fb.floats.nf4.quantize(x, o)],
  GgmlOptions: [{}, (o) => fb.ggml.quantize(x, 'Q4_0', o)],
  DistributionalOptions: [{ k: 4 }, (o) => fb.distributional.quantize(x, o)],
  DistributionalCodebookOptions: [{ k: 4, dist: 'gaussian' }, (o) => fb.distributional.codebook(o)],
  DistributionalInfo: [
    { ...info.info, ...{ mse: undefined } },
    (o) => [fb.distributional.dequantize(info.data, o), fb.distributional.codebook(o)],
  ],
  QuantizeEmbeddingsOptions: [
    {},
    (o) => dequantizeEmbeddings(quantizeEmbeddings(x, { dims: 16, precision: 'int8', ...o })),
  ],
  LinearOptions: [
    { weights: x, shape: [16, 16] },
    (o) => {
      const layer = fb.linear.create(o);
      return layer.forward(x, 16);
    },
  ],
  IndexOptions: [
    { dims: 8 },
    (o) => {
      const made = fb.createIndex(o);
      made.add(x);
      return saved(made);
    },
  ],
  CalibrateOptions: [
    {},
    (o) => {
      const made = fb.createIndex({ dims: 8 });
      made.calibrate(x, o);
      return saved(made);
    },
  ],
  TensorLike: [{ data: x.slice(0, 8) }, (o) => index.search(o, { k: 3 })],
  SearchOptions: [{}, (o) => index.search(x.subarray(0, 8), o)],
  ResultList: [
    { ids: [...found.ids], scores: found.scores },
    (o) => mergeResults([o], { metric: 'cosine', candidates: 10 }),
  ],
  MergeOptions: [
    { metric: 'cosine' },
    (o) => mergeResults([{ ids: found.ids, scores: found.scores }], o),
  ],
  LoadOptions: [{}, async (o) => (await load(o)).variant],
  OpenOptions: [{}, async (o) => (await io.openGguf(gguf, o)).tensors],
  NpyOptions: [{}, (o) => io.readNpy(npy, o)],
  NpyHeaderOptions: [{}, (o) => io.npyHeader('f32', [3], o)],
  NpyInput: [{ data: x }, (o) => io.writeNpy(o)],
  SafetensorsInput: [{ name: 'a', shape: [256], data: x }, (o) => io.writeSafetensors([o])],
  GgufTensorInput: [matrix, (o) => io.planGguf([], [o])],
  GgufOptions: [{}, (o) => io.planGguf([], [matrix], o)],
  Conversion: [
    { bytes: bytesOfX, from: 'F32', to: 'Q4_0', rowLength: 64 },
    (o) => createConverter(fb).convert(o),
  ],
  ModelPlanOptions: [{ type: 'Q8_0' }, async (o) => planModel(await openModel(gguf), o).tensors],
  QuantizeModelOptions: [
    { converter: createConverter(fb) },
    async (o) => {
      const model = await openModel(gguf);
      return joined(quantizeModel(model, planModel(model, { type: 'Q8_0' }), o));
    },
  ],
  AddOptions: [
    {},
    (o) =>
      inPool(async (pool) => {
        await pool.add(x.slice(), undefined, o);
        return await pool.save();
      }),
  ],
  PoolSearchOptions: [{}, (o) => inPool((pool) => pool.search(x.slice(0, 8), o))],
  ClientOptions: [
    {},
    (o) => {
      const worker = silentWorker();
      const client = new Client(() => worker as never, o);
      client.call('any', 1).catch(() => undefined);
      client.stop();
      return worker.sent;
    },
  ],
  CallOptions: [
    {},
    (o) => {
      const worker = silentWorker();
      const client = new Client(() => worker as never);
      client.call('any', 1, o).catch(() => undefined);
      client.stop();
      return worker.sent;
    },
  ],
};

/** Types that extend or combine others, and have no interface that lists all members. */
const composed: Record<string, readonly [names: readonly string[], ...Use]> = {
  VectorsInput: [
    ['dims', 'shape', 'type', 'scale'],
    { data: x.subarray(0, 8) },
    (o) => index.search(o),
  ],
  PoolOptions: [
    [
      ...['bits', 'metric', 'quality', 'refine', 'seed', 'mean'],
      ...['variant', 'wasm'],
      'createWorker',
      'startTimeout',
    ],
    { dims: 8, workers: 1 },
    async (o) => {
      using pool = await createPool(o);
      await pool.add(x.slice());
      return await pool.save();
    },
  ],
  OpenPoolOptions: [
    ['variant', 'wasm', 'workers', 'createWorker', 'startTimeout'],
    {},
    async (o) => {
      using pool = await openPool(file, o);
      return await pool.save();
    },
  ],
  ConverterPoolOptions: [
    ['variant', 'wasm', 'workers', 'createWorker', 'startTimeout'],
    {},
    (o) => {
      using pool = createConverterPool(o);
      return pool.concurrency;
    },
  ],
  GgmlTypedOptions: [
    ['rowLength', 'importance', 'allowLoss'],
    { type: 'Q4_0' },
    (o) => fb.ggml.quantize(x, o),
  ],
  NpyOpenOptions: [
    ['as', 'signal'],
    {},
    async (o) => [(await io.openNpy(npy, o)).shape, await io.readNpy(npy)],
  ],
};

/** The result or the error of a call. */
async function outcome(use: Use[1], options: object): Promise<unknown> {
  try {
    return await use(options);
  } catch (error) {
    return String(error);
  }
}

const interfaces = optionalProperties();
const cases = [
  ...Object.entries(uses).map(([type, use]) => ({ type, names: interfaces.get(type), use })),
  ...Object.entries(composed).map(([type, [names, ...use]]) => ({ type, names, use })),
];

it('every exported type with something optional is tried', () => {
  const untried = [...interfaces.keys()].filter((name) => !NOT_TRIED.includes(name));
  expect(untried.length).toBeGreaterThan(25);
  expect(untried.filter((name) => !(name in uses))).toEqual([]);
});

describe.each(cases)('$type', ({ type, names, use: [needed, use] }) => {
  it('takes undefined for what is left out', async () => {
    expect(names, `${type} has optional properties`).toBeDefined();
    const without: Record<string, unknown> = { ...needed };
    for (const name of names ?? []) {
      if (without[name] === undefined) delete without[name];
    }
    const plain = await outcome(use, without);
    expect(typeof plain === 'string' && plain.includes('Error') ? plain : 'worked').toBe('worked');
    for (const name of names ?? []) {
      const { [name]: _, ...rest } = without;
      const left = await outcome(use, rest);
      expect({ name, gave: await outcome(use, { ...rest, [name]: undefined }) }).toEqual({
        name,
        gave: left,
      });
    }
  });
});
