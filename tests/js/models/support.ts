// Helpers: models in memory, and functions to quantize and compare them.

import { load } from 'fewbits';
import {
  encodeBF16,
  encodeF16,
  type GgmlTypeName,
  type GgufEntryInput,
  readGguf,
  writeGguf,
} from 'fewbits/io';
import {
  type Converter,
  createConverter,
  type ModelPlanOptions,
  openModel,
  planModel,
  quantizeModel,
} from 'fewbits/models';
import { expect } from 'vitest';

export const fb = await load();

/** Repeatable weight-like values: bell-shaped, with occasional outliers. */
export function weights(count: number, seed: number): Float32Array {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    const bell = uniform() + uniform() + uniform() + uniform() - 2;
    return uniform() < 0.01 ? bell * 20 : bell;
  });
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Compares bytes fast: milliseconds for megabytes. */
export function expectBytes(actual: Uint8Array, expected: ArrayBufferView): void {
  expect(actual.length).toBe(expected.byteLength);
  expect(Buffer.compare(actual, bytesOf(expected))).toBe(0);
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const kept: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) kept.push(piece.slice());
  return new Uint8Array(await new Blob(kept).arrayBuffer());
}

export async function quantize(
  source: Uint8Array<ArrayBuffer>,
  options: ModelPlanOptions,
  converter: Converter = createConverter(fb),
) {
  const model = await openModel(new Blob([source]));
  const plan = planModel(model, options);
  const bytes = await collect(quantizeModel(model, plan, { converter, transient: true }));
  expect(bytes.length).toBe(plan.byteLength);
  return { plan, file: readGguf(bytes), bytes };
}

export const rows = 1100; // 1100 rows of 512 values are more than one chunk
export const values = {
  large: weights(rows * 512, 1),
  halves: weights(8 * 256, 2),
  odd: weights(20 * 100, 3),
  short: weights(40 * 96, 4),
  norm: weights(512, 5),
  tiny: weights(4 * 32, 6),
  output: weights(8 * 256, 7),
};

export function ggufModel() {
  const tensor = (name: string, shape: number[], data: ArrayBufferView, type: GgmlTypeName) => {
    return { name, shape, type, data: bytesOf(data) };
  };
  const metadata: GgufEntryInput[] = [
    { key: 'general.architecture', type: 'string', value: 'llama' },
    { key: 'general.file_type', type: 'uint32', value: 0 },
    { key: 'tokens', type: 'array', value: { type: 'string', values: ['a', 'b'] } },
    { key: 'general.alignment', type: 'uint32', value: 64 },
  ];
  return writeGguf(metadata, [
    tensor('blk.0.attn_q.weight', [rows, 512], values.large, 'F32'),
    tensor('blk.0.attn_norm.weight', [512], values.norm, 'F32'),
    tensor('blk.0.ffn_up.weight', [8, 256], encodeF16(values.halves), 'F16'),
    tensor('blk.0.ffn_down.weight', [2, 4, 256], encodeBF16(values.halves), 'BF16'),
    tensor('blk.0.odd.weight', [20, 100], values.odd, 'F32'),
    tensor('blk.0.short.weight', [40, 96], values.short, 'F32'),
    tensor('blk.0.tiny.weight', [4, 32], values.tiny, 'F32'),
    tensor('blk.0.ffn_gate_inp.weight', [8, 256], values.halves, 'F32'),
    tensor('blk.0.bias', [8, 256], values.halves, 'F32'),
    tensor('blk.0.done_norm.weight', [8, 256], fb.ggml.quantize(values.halves, 'Q8_0'), 'Q8_0'),
    tensor('table.weight', [8, 256], new Int32Array(8 * 256), 'I32'),
    tensor('output.weight', [8, 256], values.output, 'F32'),
  ]);
}

export const row = (x: Float32Array, type: 'Q4_K', rowLength: number) =>
  fb.ggml.quantize(x, type, { rowLength });
