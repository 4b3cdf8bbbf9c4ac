// Models in memory, quantized from GGUF and safetensors: each tensor as planned, everything else unchanged.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import {
  encodeBF16,
  encodeF16,
  type GgufEntryInput,
  ggmlTypes,
  readGguf,
  writeSafetensors,
} from 'fewbits/io';
import { openModel, planModel } from 'fewbits/models';
import { describe, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../../support/folders.ts';
import { bytesOf, expectBytes, fb, ggufModel, quantize, row, rows, values } from './support.ts';

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
      ['blk.0.done_norm.weight', undefined, 'kept: by its name'],
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
    // Metadata: the original bytes, with the file type replaced in place and the version appended.
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
        { name: 'blk.0.attn_norm.weight', type: 'BF16' },
        { name: /NORM/gi, type: 'Q4_0' },
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
      'blk.0.ffn_gate_inp.weight': 'F32',
      'blk.0.bias': 'F32',
      'blk.0.done_norm.weight': 'Q8_0',
      'output.weight': 'Q8_0',
    });
    expect(file.metadata.get('general.architecture')?.value).toBe('other');
    const norm = bytesOf(encodeBF16(values.norm));
    expectBytes(file.bytes('blk.0.attn_norm.weight'), norm);
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
