// Plans of models, their conversion and its check, from files in memory to files in memory.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import { load } from 'fewbits';
import {
  encodeBF16,
  encodeF16,
  type GgmlTypeName,
  type GgufEntryInput,
  ggmlTypes,
  readGguf,
  readImatrix,
  writeGguf,
  writeSafetensors,
} from 'fewbits/io';
import {
  type Converter,
  createConverter,
  createConverterPool,
  imatrixMetadata,
  type ModelPlanOptions,
  type ModelProgress,
  openModel,
  planModel,
  type QuantizeModelOptions,
  quantizeModel,
  type TensorError,
  tensorErrors,
} from 'fewbits/models';
import { describe, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../../support/folders.ts';

const fb = await load();

/** Repeatable values like weights: bell-shaped, with an outlier now and then. */
function weights(count: number, seed: number): Float32Array {
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

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Equality that takes milliseconds for megabytes. */
function expectBytes(actual: Uint8Array, expected: ArrayBufferView): void {
  expect(actual.length).toBe(expected.byteLength);
  expect(Buffer.compare(actual, bytesOf(expected))).toBe(0);
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const kept: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) kept.push(piece.slice());
  return new Uint8Array(await new Blob(kept).arrayBuffer());
}

async function quantize(
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

const rows = 1100; // 1100 rows of 512 values are more than one chunk
const values = {
  large: weights(rows * 512, 1),
  halves: weights(8 * 256, 2),
  odd: weights(20 * 100, 3),
  short: weights(40 * 96, 4),
  norm: weights(512, 5),
  tiny: weights(4 * 32, 6),
  output: weights(8 * 256, 7),
};

function ggufModel() {
  const tensor = (name: string, shape: number[], data: ArrayBufferView, type: GgmlTypeName) => {
    return { name, shape, type, data: bytesOf(data) };
  };
  const metadata: GgufEntryInput[] = [
    { key: 'general.architecture', type: 'string', value: 'llama' },
    { key: 'general.file_type', type: 'u32', value: 0 },
    { key: 'tokens', type: 'array', value: { type: 'string', values: ['a', 'b'] } },
    { key: 'general.alignment', type: 'u32', value: 64 },
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
    tensor('blk.0.done.weight', [8, 256], fb.ggml.quantize(values.halves, 'Q8_0'), 'Q8_0'),
    tensor('table.weight', [8, 256], new Int32Array(8 * 256), 'I32'),
    tensor('output.weight', [8, 256], values.output, 'F32'),
  ]);
}

const row = (x: Float32Array, type: 'Q4_K', rowLength: number) =>
  fb.ggml.quantize(x, type, { rowLength });

describe('a GGUF model', () => {
  it('has each tensor as planned, with its reason, and all else byte for byte', async () => {
    const source = readGguf(ggufModel());
    const { plan, file } = await quantize(ggufModel(), { type: 'Q4_K' });
    expect(plan.tensors.map(({ name, to, reason }) => [name, to, reason])).toEqual([
      ['blk.0.attn_q.weight', 'Q4_K', 'the type asked for'],
      ['blk.0.attn_norm.weight', undefined, 'kept: fewer than two dimensions'],
      ['blk.0.ffn_up.weight', 'Q4_K', 'the type asked for'],
      ['blk.0.ffn_down.weight', 'Q4_K', 'the type asked for'],
      [
        'blk.0.odd.weight',
        'F16',
        'the type asked for, but rows of 100 are not whole blocks of Q4_K',
      ],
      [
        'blk.0.short.weight',
        'Q5_0',
        'the type asked for, but rows of 96 are not whole blocks of Q4_K',
      ],
      ['blk.0.tiny.weight', undefined, 'kept: fewer than 1024 values'],
      ['blk.0.ffn_gate_inp.weight', undefined, 'kept: by its name'],
      ['blk.0.bias', undefined, 'kept: its name does not end in weight'],
      ['blk.0.done.weight', undefined, 'kept: quantized already'],
      ['table.weight', undefined, 'kept: I32 is not converted'],
      ['output.weight', 'Q6_K', 'the output tensor'],
    ]);
    for (const { name, to, shape } of plan.tensors) {
      expect(file.tensor(name).shape).toEqual(shape);
      if (to === undefined) expectBytes(file.bytes(name), source.bytes(name));
      else expect(file.tensor(name).type).toBe(to);
    }
    expectBytes(file.bytes('blk.0.attn_q.weight'), row(values.large, 'Q4_K', 512));
    const half = fb.ggml.dequantize(bytesOf(encodeF16(values.halves)), 'F16', 2048);
    expectBytes(file.bytes('blk.0.ffn_up.weight'), row(half, 'Q4_K', 256));
    const brain = fb.ggml.dequantize(bytesOf(encodeBF16(values.halves)), 'BF16', 2048);
    expectBytes(file.bytes('blk.0.ffn_down.weight'), row(brain, 'Q4_K', 256));
    expectBytes(file.bytes('blk.0.odd.weight'), bytesOf(encodeF16(values.odd)));
    expectBytes(file.bytes('output.weight'), fb.ggml.quantize(values.output, 'Q6_K'));
    // Metadata: the bytes of what was there, the file type in its place, the version behind.
    const keys = [...source.metadata.keys(), 'general.quantization_version'];
    expect([...file.metadata.keys()]).toEqual(keys);
    expect(file.metadata.get('general.file_type')?.value).toBe(14);
    expect(file.metadata.get('general.quantization_version')?.value).toBe(2);
    expect(file.alignment).toBe(64);
    for (const key of ['general.architecture', 'tokens', 'general.alignment']) {
      expect(file.metadata.get(key)?.raw).toEqual(source.metadata.get(key)?.raw);
    }
  });

  it('kept as a whole is the same file', async () => {
    const { bytes } = await quantize(ggufModel(), { type: 'keep' });
    expectBytes(bytes, ggufModel());
  });

  it('rules decide first, and may drop', async () => {
    const { file } = await quantize(ggufModel(), {
      type: 'Q8_0',
      pure: true,
      requantize: true,
      minValues: 0,
      metadata: [{ key: 'general.architecture', type: 'string', value: 'other' }],
      rules: [
        { name: 'blk.*.ffn_*.weight', type: 'Q4_0' },
        { name: /NORM/gi, type: 'BF16' },
        { name: 'blk.0.odd.weight', type: 'keep' },
        { name: 'table.weight', type: 'drop' },
        { name: '*attn_q*', type: 'F32' },
      ],
    });
    const types = Object.fromEntries(file.tensors.map(({ name, type }) => [name, type]));
    expect(types).toEqual({
      'blk.0.attn_q.weight': 'F32',
      'blk.0.attn_norm.weight': 'BF16',
      'blk.0.ffn_up.weight': 'Q4_0',
      'blk.0.ffn_down.weight': 'Q4_0',
      'blk.0.odd.weight': 'F32',
      'blk.0.short.weight': 'Q8_0',
      'blk.0.tiny.weight': 'Q8_0',
      'blk.0.ffn_gate_inp.weight': 'Q4_0',
      'blk.0.bias': 'F32',
      'blk.0.done.weight': 'Q8_0',
      'output.weight': 'Q8_0',
    });
    expect(file.metadata.get('general.architecture')?.value).toBe('other');
    const norm = bytesOf(encodeBF16(values.norm));
    expectBytes(file.bytes('blk.0.attn_norm.weight'), norm);
  });
});

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
    // The sums of two calls: halving them is exact.
    const sums = columns.map((weight) => 2 * weight);
    const matrix = writeGguf(
      [
        { key: 'imatrix.datasets', type: 'array', value: { type: 'string', values: ['text'] } },
        { key: 'imatrix.chunk_count', type: 'u32', value: 3 },
        { key: 'imatrix.chunk_size', type: 'u32', value: 512 },
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

describe('a safetensors model', () => {
  const f64 = Float64Array.from(values.halves);
  const source = writeSafetensors(
    [
      { name: 'model.embed', shape: [rows, 512], data: values.large },
      { name: 'half', shape: [8, 256], data: values.halves, dtype: 'F16' },
      { name: 'double', shape: [8, 256], data: f64 },
      { name: 'norm', shape: [512], data: values.norm },
      { name: 'scalar', shape: [], data: new Float32Array([1]) },
      { name: 'ids', shape: [3], data: new BigInt64Array(3) },
    ],
    { format: 'pt' },
  );

  it('becomes a GGUF file that an independent parser reads', async () => {
    const metadata: GgufEntryInput[] = [
      { key: 'general.architecture', type: 'string', value: 'bert' },
    ];
    const { file, bytes } = await quantize(source, { type: 'Q4_K', metadata });
    expectBytes(file.bytes('model.embed'), row(values.large, 'Q4_K', 512));
    expectBytes(file.bytes('double'), row(values.halves, 'Q4_K', 256));
    expectBytes(file.bytes('norm'), bytesOf(values.norm));
    const folder = temporaryFolder();
    try {
      const path = join(folder, 'model.gguf');
      writeFileSync(path, bytes);
      const parsed = await gguf(path, { allowLocalFile: true });
      expect(parsed.metadata).toMatchObject({
        'safetensors.format': 'pt',
        'general.architecture': 'bert',
        'general.file_type': 14,
        'general.quantization_version': 2,
      });
      const listed = parsed.tensorInfos.map(({ name, dtype, shape }) => {
        return [name, dtype, shape.map(Number)];
      });
      expect(listed).toEqual([
        ['double', ggmlTypes.Q4_K.ggufId, [256, 8]],
        ['ids', ggmlTypes.I64.ggufId, [3]],
        ['model.embed', ggmlTypes.Q4_K.ggufId, [512, rows]],
        ['norm', ggmlTypes.F32.ggufId, [512]],
        ['scalar', ggmlTypes.F32.ggufId, []],
        ['half', ggmlTypes.Q4_K.ggufId, [256, 8]],
      ]);
      for (const { name, offset } of parsed.tensorInfos) {
        const at = Number(parsed.tensorDataOffset + offset);
        expect(at).toBe(file.tensor(name).byteOffset);
      }
    } finally {
      removeFolder(folder);
    }
  });

  it('with dtypes that GGUF lacks is refused until a rule drops them', async () => {
    const mask = { name: 'mask', shape: [4], data: new Uint8Array(4) };
    const model = await openModel(writeSafetensors([mask]));
    expect(() => planModel(model, { type: 'Q4_K' })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('"mask"') }),
    );
    const plan = planModel(model, { type: 'Q4_K', rules: [{ name: 'mask', type: 'drop' }] });
    expect(plan.tensors).toEqual([]);
  });

  it('with values that are not finite is refused with the tensor and its rows', async () => {
    const bad = values.large.slice();
    bad[1090 * 512 + 3] = Number.NaN;
    const file = writeSafetensors([{ name: 'w', shape: [rows, 512], data: bad }]);
    await expect(quantize(file, { type: 'Q4_K' })).rejects.toThrow(
      expect.objectContaining({
        code: 'NON_FINITE',
        message: expect.stringMatching(/tensor "w", from row 1024: .*33795/),
      }),
    );
  });
});

describe('the errors of a file that was made', () => {
  const errorsOf = async (made: Uint8Array) => {
    const model = await openModel(ggufModel());
    const plan = planModel(model, { type: 'Q4_K' });
    const found: TensorError[] = [];
    const file = await openModel(made);
    for await (const one of tensorErrors(fb, model, plan, file)) found.push(one);
    return found;
  };

  it('are the library’s own, over all values', async () => {
    const { bytes, plan } = await quantize(ggufModel(), { type: 'Q4_K' });
    const found = await errorsOf(bytes);
    const converted = plan.tensors.filter(({ to }) => to !== undefined);
    expect(found.map((one) => [one.name, one.type])).toEqual(
      converted.map(({ name, to }) => [name, to]),
    );
    const [large] = found as [TensorError];
    const blocks = row(values.large, 'Q4_K', 512);
    const back = fb.ggml.dequantize(blocks, 'Q4_K', values.large.length);
    const { mse, maxAbs, sqnrDb } = fb.error(values.large, back);
    expect(large.mse / mse).toBeCloseTo(1, 9);
    expect(large.maxAbs).toBe(maxAbs);
    expect(10 * Math.log10(large.meanSquare / large.mse)).toBeCloseTo(sqnrDb, 6);
  });

  it('a file that is not as planned is refused', async () => {
    const { bytes, file } = await quantize(ggufModel(), { type: 'Q4_K' });
    const at = file.tensor('blk.0.bias').byteOffset;
    const damaged = bytes.slice();
    damaged[at + 5] = (damaged[at + 5] as number) ^ 1;
    await expect(errorsOf(damaged)).rejects.toThrow(/"blk\.0\.bias" is not what it was/);
    const other = await quantize(ggufModel(), { type: 'Q5_K' });
    await expect(errorsOf(other.bytes)).rejects.toThrow(
      /"blk\.0\.attn_q.weight" is not as planned/,
    );
  });
});

describe('while it runs', () => {
  it('a pool of workers gives the same bytes', async () => {
    const pool = createConverterPool({ workers: 3 });
    try {
      const here = await quantize(ggufModel(), { type: 'Q5_K' });
      const there = await quantize(ggufModel(), { type: 'Q5_K' }, pool);
      expectBytes(there.bytes, here.bytes);
      const bad = {
        bytes: bytesOf(new Float32Array([Number.NaN, ...new Float32Array(31)])),
        from: 'F32' as const,
        to: 'Q4_0' as const,
        rowLength: 32,
      };
      await expect(pool.convert(bad)).rejects.toMatchObject({
        name: 'FewbitsError',
        code: 'NON_FINITE',
      });
    } finally {
      pool.dispose();
    }
    const late = { bytes: new Uint8Array(0), from: 'F32', to: 'F16', rowLength: 1 } as const;
    await expect(pool.convert(late)).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  it('pieces that are kept stay as they are, but for those that were asked for in memory used again', async () => {
    const model = await openModel(ggufModel());
    const plan = planModel(model, {
      type: 'Q4_K',
      rules: [{ name: 'table.weight', type: 'drop' }],
    });
    const made = async (transient: boolean) => {
      const pieces: Uint8Array[] = [];
      const options = { converter: createConverter(fb), transient };
      for await (const piece of quantizeModel(model, plan, options)) pieces.push(piece);
      return pieces;
    };
    const kept = Buffer.concat(await made(false));
    const whole = await quantize(ggufModel(), {
      type: 'Q4_K',
      rules: [{ name: 'table.weight', type: 'drop' }],
    });
    expectBytes(whole.bytes, kept);
    const memories = new Set((await made(true)).map(({ buffer }) => buffer));
    expect(memories.size).toBeLessThan((await made(false)).length);
  });

  it('progress grows to the end', async () => {
    const model = await openModel(ggufModel());
    const plan = planModel(model, { type: 'Q4_0' });
    const seen: ModelProgress[] = [];
    const onProgress = (progress: ModelProgress) => seen.push(progress);
    await collect(quantizeModel(model, plan, { converter: createConverter(fb), onProgress }));
    expect(seen.length).toBe(plan.tensors.length + 2); // the large one comes in three chunks
    for (let i = 1; i < seen.length; i++) {
      const [before, now] = [seen[i - 1] as ModelProgress, seen[i] as ModelProgress];
      expect(now.bytesDone).toBeGreaterThan(before.bytesDone);
    }
    const bytes = model.tensors.reduce((sum, tensor) => sum + tensor.byteLength, 0);
    expect(seen.at(-1)).toEqual({
      tensor: 'output.weight',
      tensorsDone: 12,
      tensors: 12,
      bytesDone: bytes,
      bytes,
    });
  });

  it('a signal stops it', async () => {
    const model = await openModel(ggufModel());
    const plan = planModel(model, { type: 'Q4_0' });
    const controller = new AbortController();
    const reason = new Error('enough');
    const options = {
      converter: createConverter(fb),
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    };
    await expect(collect(quantizeModel(model, plan, options))).rejects.toBe(reason);
  });

  it('only a few chunks are read ahead of those that were taken', async () => {
    const shape = [128, 1 << 18];
    const name = 'w';
    let read = 0;
    const model = {
      format: 'safetensors' as const,
      tensors: [{ name, shape, typeName: 'F32', type: 'F32' as const, byteLength: 2 ** 27 }],
      metadata: [],
      read: async (_: unknown, __: number, length: number) => {
        read += length;
        return new Uint8Array(length);
      },
    };
    const plan = planModel(model, { type: 'Q4_0' });
    const pieces = quantizeModel(model, plan, { converter: createConverter(fb) });
    await pieces.next();
    for (let taken = 1; taken < 8; taken++) {
      await pieces.next();
      expect(read / 2 ** 20).toBeLessThanOrEqual(taken + 3);
    }
    await pieces.return();
    expect(read).toBeLessThan(2 ** 24);
  });

  it('options that are unknown or of another kind are refused; undefined is as good as none', async () => {
    const model = await openModel(ggufModel());
    for (const [options, says] of [
      [{ type: 'Q4_0', rule: [] }, /no option 'rule'; accepted are type, rules, pure/],
      [{ type: 'Q4_0', pure: 1 }, /pure must be true or false, got 1/],
      [{ type: 'Q4_0', requantize: 'no' }, /requantize must be true or false, got "no"/],
      [{ type: 'Q4_0', minValues: -1 }, /minValues must be an integer from 0/],
      [{ type: 'Q4_0', rules: 'a=b' }, /rules must be an array/],
      [{ type: 'Q4_0', rules: [{ name: 'a', typ: 'F16' }] }, /no option 'typ'/],
      [{ type: 'Q4_0', importance: {} }, /importance must be a Map/],
      [{ type: 'Q4_0', metadata: {} }, /metadata must be an array/],
      ['Q4_0', /options must be an object, got 'Q4_0'/],
    ] as const) {
      expect(() => planModel(model, options as unknown as ModelPlanOptions)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(says) }),
      );
    }
    const none = { rules: undefined, pure: undefined, importance: undefined, minValues: undefined };
    const undefinedOnes = { ...none, requantize: undefined, metadata: undefined };
    const plan = planModel(model, { type: 'Q4_0', ...undefinedOnes, alignment: undefined });
    expect(plan).toEqual(planModel(model, { type: 'Q4_0' }));

    const converter = createConverter(fb);
    const quantizing = (options: object) =>
      collect(quantizeModel(model, plan, options as QuantizeModelOptions));
    await expect(quantizing({ converter, threads: 2 })).rejects.toThrow(/no option 'threads'/);
    await expect(quantizing({})).rejects.toThrow(/converter must be what createConverter/);
    const bytes = await quantizing({ converter, signal: undefined, onProgress: undefined });
    const made = await openModel(bytes);
    const errors = tensorErrors(fb, model, plan, made, { sginal: 1 } as object);
    await expect(errors.next()).rejects.toThrow(/no option 'sginal'; accepted are signal/);
  });

  it('types that cannot be made are refused with those that can', async () => {
    const model = await openModel(ggufModel());
    for (const type of ['Q8_K', 'IQ2_XXS', 'I8', 'q4_k', '']) {
      expect(() => planModel(model, { type: type as GgmlTypeName })).toThrow(/F32, F16, Q4_0/);
      const rules = [{ name: 'x', type: type as GgmlTypeName }];
      expect(() => planModel(model, { type: 'Q4_0', rules })).toThrow(/the rule for "x"/);
    }
    await expect(openModel(new Uint8Array(3))).rejects.toMatchObject({ code: 'CORRUPT_DATA' });
  });
});
