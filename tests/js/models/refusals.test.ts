// Refusals and warnings of plans and conversions, where the output would otherwise be silently wrong. Long
// because each kind of refused model is built here.

import {
  encodeBF16,
  encodeF16,
  type GgmlTypeName,
  readGguf,
  writeGguf,
  writeSafetensors,
} from 'fewbits/io';
import {
  createConverter,
  type ModelPlanOptions,
  openModel,
  planModel,
  quantizeModel,
  type TensorRule,
  targetTypes,
  tensorErrors,
} from 'fewbits/models';
import { describe, expect, it } from 'vitest';
import { bytesOf, collect, expectBytes, fb, quantize, weights } from './support.ts';

const shape = [64, 256];
const name = 'blk.0.ffn_up.weight';
const x = weights(64 * 256, 1).map((value) => value / 20);

function fileOf(data: ArrayBufferView, type: GgmlTypeName, called = name) {
  return writeGguf([], [{ name: called, shape, type, data: bytesOf(data) }]);
}

const planOf = async (file: Uint8Array, options: ModelPlanOptions) =>
  planModel(await openModel(file), options);

describe('values that a type cannot hold', () => {
  const large = x.slice();
  large[1000] = 1.2e6;

  it.each(targetTypes.filter((type) => !['F32', 'BF16', 'MXFP4', 'NVFP4'].includes(type)))(
    'are never written as infinities: %s',
    async (type) => {
      const work = quantize(fileOf(large, 'F32'), { type, pure: true });
      const outcome = await work.then(
        ({ file }) => fb.ggml.dequantize(file.bytes(name), type as 'F16', x.length),
        (error) => error,
      );
      if (outcome instanceof Float32Array) {
        // The scale of K-quants and IQ4 is a fraction of the largest value, which fits in float16.
        expect(outcome.every(Number.isFinite)).toBe(true);
        expect(Math.abs((outcome[1000] as number) / 1.2e6 - 1)).toBeLessThan(1);
      } else {
        expect(outcome).toMatchObject({ code: 'NON_FINITE' });
        expect(outcome.message).toMatch(
          /tensor "blk\.0\.ffn_up\.weight".*value 1000 is 1200000, too large for/,
        );
      }
    },
  );

  it('are held by BF16, MXFP4 and F32', async () => {
    for (const type of ['BF16', 'F32', 'MXFP4'] as const) {
      const { file } = await quantize(fileOf(encodeBF16(large), 'BF16'), { type, pure: true });
      const bytes = file.bytes(name);
      const back =
        type === 'F32'
          ? new Float32Array(bytes.slice().buffer)
          : fb.ggml.dequantize(bytes, type, x.length);
      expect(Math.abs((back[1000] as number) / 1.2e6 - 1)).toBeLessThan(0.3);
    }
  });

  it('of a double beyond float32 neither', async () => {
    const doubles = Float64Array.from(x);
    doubles[7] = 1e300;
    for (const type of ['F32', 'Q8_0', 'F16', 'BF16'] as const) {
      await expect(quantize(fileOf(doubles, 'F64'), { type })).rejects.toMatchObject({
        code: 'NON_FINITE',
      });
    }
    const { file } = await quantize(fileOf(doubles, 'F64'), { type: 'keep' });
    expectBytes(file.bytes(name), doubles);
  });
});

describe('values that are not finite', () => {
  const bad = x.slice();
  bad[300] = Number.NaN;
  bad[301] = Number.NEGATIVE_INFINITY;
  const norm = 'blk.0.attn_q_norm.weight';

  it.each([
    ['F32', bad],
    ['F16', encodeF16(bad)],
    ['BF16', encodeBF16(bad)],
    ['F64', Float64Array.from(bad)],
  ] as const)('are not copied either: %s', async (type, data) => {
    for (const to of ['Q4_K', 'keep', 'F16'] as const) {
      await expect(quantize(fileOf(data, type, norm), { type: to })).rejects.toThrow(
        expect.objectContaining({
          code: 'NON_FINITE',
          message: 'tensor "blk.0.attn_q_norm.weight": value 300 is NaN, which is not finite',
        }),
      );
    }
    const rules: TensorRule[] = [{ name: norm, type: 'keep' }];
    const { file } = await quantize(fileOf(data, type, norm), { type: 'Q4_K', rules });
    expectBytes(file.bytes(norm), data);
  });

  it('of quantized blocks neither, and what was written is looked at again', async () => {
    const blocks = fb.ggml.quantize(x, 'Q8_0', { rowLength: 256 });
    const broken = blocks.slice();
    broken.set([0, 0x7e], 34 * 9);
    await expect(quantize(fileOf(broken, 'Q8_0'), { type: 'Q8_0' })).rejects.toThrow(
      /value 288 is NaN, which is not finite/,
    );
    const model = await openModel(fileOf(x, 'F32'));
    const plan = planModel(model, { type: 'Q8_0' });
    const made = await collect(quantizeModel(model, plan, { converter: createConverter(fb) }));
    const { byteOffset } = readGguf(made).tensor(name);
    made.set([0, 0x7c], byteOffset + 34 * 9);
    const errors = tensorErrors(fb, model, plan, await openModel(made));
    await expect(errors.next()).rejects.toThrow(
      expect.objectContaining({ code: 'NON_FINITE', message: expect.stringContaining(name) }),
    );
  });
});

describe('values that are too small for a type', () => {
  const said = async (scale: number, type: GgmlTypeName) => {
    const model = await openModel(
      fileOf(
        x.map((value) => value * scale),
        'F32',
      ),
    );
    const warnings: string[] = [];
    const plan = planModel(model, { type, pure: true });
    const options = {
      converter: createConverter(fb),
      onWarning: (text: string) => warnings.push(text),
    };
    await collect(quantizeModel(model, plan, options));
    return warnings;
  };

  it('are refused where they would be zeros, and said where they are few', async () => {
    const deviation = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
    expect(await said(0.05 / deviation, 'NVFP4')).toEqual([]);
    await expect(said(0.001 / deviation, 'NVFP4')).rejects.toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: expect.stringMatching(
          /^tensor "blk\.0\.ffn_up\.weight": NVFP4 turns weights to zero .* \d\d % of all/,
        ),
      }),
    );
    await expect(said(1e-12, 'F16')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(said(1e-12, 'Q4_0')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await said(1e-12, 'BF16')).toEqual([]);
    expect(await said(1e-12, 'MXFP4')).toEqual([]);
  });

  it('say nothing of zeros', async () => {
    for (const type of targetTypes) expect(await said(0, type)).toEqual([]);
  });
});

describe('models that are quantized already', () => {
  const blocks = fb.ggml.quantize(x, 'Q8_0', { rowLength: 256 });
  const file = fileOf(blocks, 'Q8_0');

  it('are refused unless they are to be converted again, or stay what they are', async () => {
    for (const options of [
      { type: 'Q4_K_M' },
      { type: 'F16' },
      { type: 'Q4_0', rules: [{ name: '*', type: 'Q5_0' }] },
    ] as const) {
      await expect(planOf(file, options)).rejects.toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringMatching(/"blk\.0\.ffn_up\.weight" is Q8_0 already.*requantize/),
        }),
      );
    }
    const same = await quantize(file, { type: 'Q8_0' });
    expectBytes(same.file.bytes(name), blocks);
    expect(same.file.metadata.get('general.file_type')?.value).toBe(7);
    const again = await quantize(file, { type: 'Q4_K_M', requantize: true });
    expect(again.file.tensor(name).type).toBe('Q4_K');
    const kept = await quantize(file, { type: 'Q4_K_M', rules: [{ name: '*', type: 'keep' }] });
    expectBytes(kept.file.bytes(name), blocks);
  });

  it('keep their file type where all of them is kept', async () => {
    const label = { key: 'general.file_type', type: 'uint32', value: 7 } as const;
    const tensor = { name, shape, type: 'Q8_0' as const, data: blocks };
    const other = { name: 'blk.0.ffn_down.weight', shape, type: 'F32' as const, data: x };
    const rules: TensorRule[] = [{ name, type: 'keep' }];
    for (const [tensors, value] of [
      [[tensor], 7],
      [[tensor, other], 15],
    ] as const) {
      const made = await quantize(writeGguf([label], tensors), { type: 'Q4_K_M', rules });
      expect(made.file.metadata.get('general.file_type')?.value).toBe(value);
    }
  });

  it('in a type that is not read are refused too', async () => {
    const other = writeGguf([], [{ name, shape, type: 'IQ2_XXS', data: new Uint8Array(64 * 66) }]);
    for (const requantize of [false, true]) {
      await expect(planOf(other, { type: 'Q4_K_M', requantize })).rejects.toThrow(
        /is IQ2_XXS, which cannot be converted to Q4_K; a rule can keep it/,
      );
    }
    const plan = await planOf(other, { type: 'Q4_K_M', rules: [{ name, type: 'keep' }] });
    expect(plan.tensors[0]?.to).toBeUndefined();
  });
});

describe('rules that match nothing', () => {
  it('are refused with what would match', async () => {
    const file = fileOf(x, 'F32');
    const rules: TensorRule[] = [{ name: 'ffn_up', type: 'Q8_0' }];
    await expect(planOf(file, { type: 'Q4_0', rules })).rejects.toThrow(
      /the rule for 'ffn_up' matches no tensor; .*"\*ffn_up\*" would match "blk\.0\.ffn_up\.weight"/,
    );
    for (const other of ['blk.7.*', /nothing/, '*.bias']) {
      const one: TensorRule[] = [{ name: other, type: 'Q8_0' }];
      await expect(planOf(file, { type: 'Q4_0', rules: one })).rejects.toThrow(/matches no tensor/);
      const plan = await planOf(file, { type: 'Q4_0', rules: one, allowUnmatched: true });
      expect(plan.tensors[0]?.to).toBe('Q4_0');
    }
  });

  it('* stands for anything, also for nothing, wherever it is', async () => {
    const file = fileOf(x, 'F32');
    for (const [pattern, matches] of [
      ['*', true],
      ['**', true],
      ['blk.*', true],
      ['*weight', true],
      ['blk.0.ffn_up.weight*', true],
      ['*blk.0.ffn_up.weight', true],
      ['b*k*0*u*t', true],
      ['*up.w*weight', false],
      ['*weight.weight', false],
      ['blk.0.ffn_up.weigh', false],
      ['blk.0.ffn.up.weight', false],
      ['BLK*', false],
    ] as const) {
      const options = {
        type: 'Q4_0',
        rules: [{ name: pattern, type: 'Q5_0' }],
        allowUnmatched: true,
      } as const;
      expect([pattern, (await planOf(file, options)).tensors[0]?.to]).toEqual([
        pattern,
        matches ? 'Q5_0' : 'Q4_0',
      ]);
    }
  });
});

describe('what ggml has no room for', () => {
  it('five dimensions are four in the file, which notes what they were', async () => {
    const five = [6, 3, 2, 14, 14];
    const count = 6 * 3 * 2 * 14 * 14;
    const data = encodeF16(weights(count, 4));
    const file = writeSafetensors([
      { name: 'conv.proj.weight', shape: five, dtype: 'F16', data },
      { name: 'w', shape: [64, 256], data: x },
    ]);
    for (const [type, to] of [
      ['Q8_0', 'F16'],
      ['F32', 'F32'],
      ['keep', 'F16'],
    ] as const) {
      const made = (await quantize(file, { type })).file;
      expect(made.tensor('conv.proj.weight')).toMatchObject({ type: to, shape: [18, 2, 14, 14] });
      if (to === 'F16') expectBytes(made.bytes('conv.proj.weight'), data);
      const note = made.metadata.get('comfy.gguf.orig_shape.conv.proj.weight')?.value;
      expect(note).toEqual({ type: 'int32', values: Int32Array.from(five) });
    }
  });

  it('long names stay, with a warning, or get others', async () => {
    const long = 'vision_tower.vision_model.encoder.layers.10.self_attn.out_proj.weight';
    const most = `${'é'.repeat(31)}w`;
    const file = writeSafetensors([long, most].map((one) => ({ name: one, shape, data: x })));
    const made = await quantize(file, { type: 'Q8_0' });
    expect(made.file.tensors.map((one) => one.name)).toEqual([long, most]);
    expect(made.plan.warnings).toEqual([
      `the name "${long}" is longer than the 63 bytes that llama.cpp reads; rename (--rename) can shorten it`,
    ]);
    const many = Array.from({ length: 9 }, (_, i) => ({ name: `${i}${long}`, shape, data: x }));
    const { warnings } = await planOf(writeSafetensors(many), { type: 'Q8_0' });
    expect(warnings).toEqual([
      expect.stringMatching(/^the name "0vision.*", and 8 more, is longer/),
    ]);
    const rename = (given: string) =>
      given.replace('vision_tower.vision_model.encoder.layers', 'v.blk');
    const rules: TensorRule[] = [{ name: long, type: 'Q4_0' }];
    const renamed = await quantize(file, { type: 'Q8_0', rename, rules });
    expect(renamed.file.tensor('v.blk.10.self_attn.out_proj.weight').type).toBe('Q4_0');
    expect(renamed.plan.warnings).toEqual([]);
    await expect(planOf(file, { type: 'Q8_0', rename: () => 'w' })).rejects.toThrow(/"w"/);
    const nothing = (() => 1) as unknown as (given: string) => string;
    await expect(planOf(file, { type: 'Q8_0', rename: nothing })).rejects.toThrow(
      /rename must give a string/,
    );
  });
});

it('MXFP4 has no file type; MXFP4_MOE has, and experts in it', async () => {
  const experts = 'blk.0.ffn_up_exps.weight';
  const tensor = (called: string, sizes: number[], data: Float32Array) => {
    return { name: called, shape: sizes, type: 'F32' as const, data };
  };
  const file = writeGguf(
    [{ key: 'general.file_type', type: 'uint32', value: 1 }],
    [tensor(experts, [4, 16, 256], x), tensor(name, shape, x), tensor('output.weight', shape, x)],
  );
  const one = await quantize(file, { type: 'MXFP4', pure: true });
  expect(one.file.metadata.has('general.file_type')).toBe(false);
  expect(one.file.tensors.map(({ type }) => type)).toEqual(['MXFP4', 'MXFP4', 'MXFP4']);
  const mixture = await quantize(file, { type: 'MXFP4_MOE' });
  expect(mixture.file.metadata.get('general.file_type')?.value).toBe(38);
  expect(mixture.file.tensors.map(({ type }) => type)).toEqual(['MXFP4', 'Q8_0', 'Q8_0']);
});
