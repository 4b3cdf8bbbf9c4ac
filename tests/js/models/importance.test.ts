// Importance matrices: the bytes of the native quantizer, and which weights belong to which tensor.

import { readFileSync } from 'node:fs';
import { type GgmlTypeName, readImatrix, writeGguf } from 'fewbits/io';
import { createConverterPool, imatrixMetadata, openModel, planModel } from 'fewbits/models';
import { describe, expect, it } from 'vitest';
import { expectBytes, fb, ggufModel, quantize, row, values, weights } from './support.ts';

describe('importance', () => {
  const golden = (name: string) =>
    new Uint8Array(readFileSync(new URL(`../../golden/ggml/${name}`, import.meta.url)));
  const name = 'blk.0.attn_q.weight';
  const columns = new Float32Array(golden('imatrix.f32').buffer);
  const file = writeGguf(
    [],
    [{ name, shape: [20, 256], type: 'F32', data: golden('input.f32').slice() }],
  );

  it.each([
    ...['q4_0', 'q4_1', 'q5_0', 'q5_1', 'q8_0', 'q2_K', 'q3_K', 'q4_K', 'q5_K', 'q6_K'],
    ...['iq4_nl', 'iq4_xs', 'tq1_0', 'tq2_0', 'mxfp4', 'nvfp4', 'q1_0', 'q2_0'],
  ])('%s: the bytes of the native quantizer', async (native) => {
    const type = native.toUpperCase() as GgmlTypeName;
    // Sums over two calls: halving them is exact.
    const sums = columns.map((weight) => 2 * weight);
    const matrix = writeGguf(
      [
        { key: 'imatrix.datasets', type: 'array', value: { type: 'string', values: ['text'] } },
        { key: 'imatrix.chunk_count', type: 'uint32', value: 3 },
        { key: 'imatrix.chunk_size', type: 'uint32', value: 512 },
      ],
      [
        { name: `${name}.in_sum2`, shape: [1, 256], type: 'F32', data: sums },
        { name: `${name}.counts`, shape: [1, 1], type: 'F32', data: Float32Array.of(2) },
      ],
    );
    const imatrix = readImatrix(matrix);
    const metadata = imatrixMetadata(imatrix, 'text.gguf');
    const importance = imatrix.weights;
    const made = await quantize(file, { type, importance, metadata, pure: true });
    expectBytes(made.file.bytes(name), golden(`with-imatrix/${native}.bin`));
    const noted = [...made.file.metadata].filter(([key]) => key.startsWith('quantize.'));
    expect(Object.fromEntries(noted.map(([key, { value }]) => [key, value]))).toEqual({
      'quantize.imatrix.file': 'text.gguf',
      'quantize.imatrix.dataset': 'text',
      'quantize.imatrix.entries_count': 1,
      'quantize.imatrix.chunks_count': 3,
    });
  });

  it('goes by the name; tensors without are converted without, in a pool too', async () => {
    const importance = new Map([['blk.0.attn_q.weight', weights(512, 9).map(Math.abs)]]);
    const pool = createConverterPool({ workers: 2 });
    try {
      const made = await quantize(ggufModel(), { type: 'Q4_K', importance }, pool);
      const without = await quantize(ggufModel(), { type: 'Q4_K' });
      const [weighted] = importance.values();
      const options = { rowLength: 512, importance: weighted as Float32Array };
      const expected = fb.ggml.quantize(values.large, 'Q4_K', options);
      expectBytes(made.file.bytes(name), expected);
      expect(Buffer.compare(expected, row(values.large, 'Q4_K', 512))).not.toBe(0);
      const other = 'blk.0.ffn_up.weight';
      expectBytes(made.file.bytes(other), without.file.bytes(other));
      const used = made.plan.tensors.filter((tensor) => tensor.importance !== undefined);
      expect(used.map((tensor) => tensor.name)).toEqual([name]);
    } finally {
      pool.dispose();
    }
  });

  it('that has the name of no tensor is said', async () => {
    const importance = new Map([['model.layers.0.weight', new Float32Array(256)]]);
    const model = await openModel(file);
    const { warnings } = planModel(model, { type: 'Q4_K', importance });
    expect(warnings).toEqual([
      'importance has the name of no tensor that is converted: all go without',
    ]);
    const right = new Map([[name, columns]]);
    expect(planModel(model, { type: 'Q4_K', importance: right }).warnings).toEqual([]);
  });

  it('each expert has its own', async () => {
    const experts = 'blk.0.ffn_up_exps.weight';
    const shape = [3, 700, 256];
    const data = weights(3 * 700 * 256, 11);
    const source = writeGguf([], [{ name: experts, shape, type: 'F32', data }]);
    const own = weights(3 * 256, 12).map(Math.abs);
    const made = await quantize(source, { type: 'Q4_K', importance: new Map([[experts, own]]) });
    for (let expert = 0; expert < 3; expert++) {
      const bytes = made.file.bytes(experts);
      const size = bytes.length / 3;
      const part = data.subarray(expert * 700 * 256, (expert + 1) * 700 * 256);
      const importance = own.subarray(expert * 256, (expert + 1) * 256);
      expectBytes(
        bytes.slice(expert * size, (expert + 1) * size),
        fb.ggml.quantize(part, 'Q4_K', { rowLength: 256, importance }),
      );
    }
  });

  it('of another length is refused, but for the embedding, as in the native tool', async () => {
    const wrong = new Map([[name, new Float32Array(255)]]);
    const model = await openModel(file);
    expect(() => planModel(model, { type: 'Q4_K', importance: wrong })).toThrow(
      /importance of "blk\.0\.attn_q\.weight" must hold 256 weights .* got 255/,
    );
    const embedding = 'token_embd.weight';
    const data = values.halves;
    const source = writeGguf([], [{ name: embedding, shape: [8, 256], type: 'F32', data }]);
    const importance = new Map([[embedding, new Float32Array(255)]]);
    const made = await quantize(source, { type: 'Q4_K', importance, pure: true });
    expectBytes(made.file.bytes(embedding), row(data, 'Q4_K', 256));
  });
});
