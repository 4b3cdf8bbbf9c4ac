// Uses of the types that must or must not compile; this is not run.

import {
  type Fewbits,
  FewbitsError,
  type FewbitsErrorCode,
  type LoadOptions,
  load,
  loadSync,
  quantizeEmbeddings,
  support,
  type UniformQuantized,
  type Variant,
  type VectorIndex,
} from 'fewbits';
import relaxed from 'fewbits/fewbits.relaxed.wasm';
import simd128 from 'fewbits/fewbits.simd128.wasm';
import { openNpy, readSafetensors, writeNpy } from 'fewbits/io';
import { createConverterPool, openModel, planModel, quantizeModel } from 'fewbits/models';
import { createPool, openPool, type PoolStats, type VectorPool } from 'fewbits/pool';
import * as reader from 'fewbits/reader';
import { Client, serve, type Work } from 'fewbits/rpc';
import { openStore, type Store, type StoreEntry } from 'fewbits/store';
import { type FewbitsVectors, load as loadAlone } from 'fewbits/vectors';
import relaxedAlone from 'fewbits/vectors.relaxed.wasm';
import simd128Alone from 'fewbits/vectors.simd128.wasm';

const variant: Variant = support().relaxedSimdExact ? 'relaxed' : 'simd128';
const options: LoadOptions = { variant, wasm: new URL('https://localhost/fewbits.simd128.wasm') };
const fb: Fewbits = await load(options);

await load({ wasm: simd128, variant: 'simd128' });
await load({ wasm: relaxed });
const alone: FewbitsVectors = await loadAlone({ wasm: simd128Alone });
await createPool({ dims: 8, wasm: relaxedAlone });
await createPool({ dims: 8, wasm: simd128 });

const x = new Float32Array(64);
const q: UniformQuantized = fb.uniform.quantize(x, { bits: 4, scheme: 'asymmetric', block: 32 });
fb.uniform.quantize([1, 2, 3], { axis: 1, shape: [1, 3] });
fb.uniform.quantize(new Float64Array(3));
const back: Float32Array = fb.uniform.dequantize(q);
const mse: number = fb.compare(x, back).mse;
const packed: Uint8Array = fb.int4.pack(fb.int4.quantize(x).values);
const signs: Int8Array = quantizeEmbeddings(x, 8, 'binary');
const steps: Uint8Array = quantizeEmbeddings(x, 8, 'uint8');
const layer = fb.linear.create({ weights: x, shape: [8, 8] });
const bytes: Uint8Array = writeNpy({ data: layer.forward(x, 8), shape: [8, 8] });
console.log(mse, packed, signs, steps, (await openNpy(bytes)).shape, readSafetensors, loadSync);

const model = await openModel(bytes);
const converter = createConverterPool({ workers: 2 });
const signal = new AbortController().signal;
const plan = planModel(model, { type: 'Q4_K', rules: [{ name: /norm/, type: 'keep' }] });
for await (const piece of quantizeModel(model, plan, { converter, signal })) {
  const blob: Blob = new Blob([piece]);
  console.log(blob.size);
}

const pool: VectorPool = await createPool({ dims: 3, metric: 'l2', workers: 2, variant });
await pool.add([1, 2, 3], ['one'], { transfer: true });
const { ids, missing } = await pool.search(x, { k: 3, filter: ['one'], partial: true, signal });
const stats: PoolStats = await pool.stats();
const { lost } = await (await openPool(await pool.save())).restart(bytes);
console.log(ids, missing, stats.workers.length, lost);

const store: Store = await openStore({ name: 'notes', backend: 'indexeddb' });
await store.save('index', fb.createIndex({ dims: 8 }), {
  metadata: { model: 'none' },
  onProgress: ({ bytesDone, bytes }) => console.log(bytes === undefined || bytesDone / bytes),
  signal,
});
await store.save('pool', pool);
await store.save('blob', new Blob([packed.slice()]));
await store.save('model', quantizeModel(model, plan, { converter }));
const size: number = (await store.openIndex(fb, 'index')).size;
const read: reader.IndexReader = await store.openIndex(reader, 'index');
const { estimates } = read.candidates(x, read.candidateCount({ k: 5 }));
const opened: VectorIndex = await store.openIndex(alone, 'index');
console.log(estimates, read.reconstruct('one'), opened.size);
const entries: StoreEntry[] = await store.list();
console.log(size, entries, (await store.read('blob')).length);
pool.dispose();

const calls = {
  async sum(input: number[], work: Work): Promise<number> {
    await work.checkpoint();
    return input.length;
  },
};
serve(calls);
declare const started: import('fewbits/rpc').WebWorker;
const client = new Client<typeof calls>(() => started, { startTimeout: 1000 });
const sum: number = await client.call('sum', [1, 2], { signal });
console.log(sum);
// @ts-expect-error: no such input
await client.call('sum', 'text');

try {
  fb.bits.pack(new Uint8Array(1), 9);
} catch (error) {
  const code: FewbitsErrorCode | undefined = error instanceof FewbitsError ? error.code : undefined;
  console.log(code === 'INVALID_ARGUMENT');
}

// @ts-expect-error: no such storage
await openStore({ backend: 'localStorage' });
// @ts-expect-error: text must be encoded first
await store.save('text', 'text');
// @ts-expect-error: no such scheme
fb.uniform.quantize(x, { scheme: 'uniform' });
// @ts-expect-error: no such option
fb.uniform.quantize(x, { bit: 4 });
// @ts-expect-error: results are read-only
q.bits = 8;
// @ts-expect-error: no such variant
await load({ variant: 'scalar' });
// @ts-expect-error: strings are not numbers
fb.uniform.quantize(['1']);
