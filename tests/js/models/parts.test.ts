// Models in several files, and 8-bit floats whose scales are in a separate tensor, possibly in another file.

import { type GgufEntryInput, readGguf, writeGguf, writeSafetensors } from 'fewbits/io';
import { createConverter, openModel, planModel, quantizeModel, tensorErrors } from 'fewbits/models';
import { describe, expect, it } from 'vitest';
import { collect, expectBytes, fb, weights } from './support.ts';

const data = weights(8 * 256, 1);
const tensor = (name: string) => ({ name, shape: [8, 256], type: 'F32' as const, data });

describe('a split GGUF', () => {
  const part = (no: number, count: number, names: string[], all?: number) => {
    const metadata: GgufEntryInput[] = [
      ...(no === 0
        ? [{ key: 'general.architecture', type: 'string', value: 'llama' } as const]
        : []),
      { key: 'split.no', type: 'uint16', value: no },
      { key: 'split.count', type: 'uint16', value: count },
      ...(all === undefined
        ? []
        : [{ key: 'split.tensors.count', type: 'int32', value: all } as const]),
    ];
    return writeGguf(metadata, names.map(tensor));
  };

  it('is one model, in whatever order its parts are given', async () => {
    const parts = [
      part(0, 3, ['a.weight'], 4),
      part(1, 3, ['b.weight', 'c.weight']),
      part(2, 3, ['d.weight']),
    ];
    const whole = writeGguf(
      [{ key: 'general.architecture', type: 'string', value: 'llama' }],
      ['a.weight', 'b.weight', 'c.weight', 'd.weight'].map(tensor),
    );
    const converter = createConverter(fb);
    const made = async (source: Parameters<typeof openModel>[0]) => {
      const model = await openModel(source);
      return collect(quantizeModel(model, planModel(model, { type: 'Q4_0' }), { converter }));
    };
    const expected = await made(whole);
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
    ]) {
      expectBytes(await made(order.map((i) => parts[i] as Uint8Array)), expected);
    }
    expect([...readGguf(expected).metadata.keys()]).not.toContain('split.count');
  });

  it('is refused without all of its parts', async () => {
    const [first, second] = [part(0, 2, ['a.weight'], 2), part(1, 2, ['b.weight'])];
    const third = part(0, 3, ['a.weight']);
    for (const [files, says] of [
      [first, /split into 2 parts, given is part 1: give all 2, as an array/],
      [[second], /given is part 2/],
      [[first, first], /given are parts 1, 1/],
      [[first, second, second], /given are parts 1, 2, 2/],
      [[first, third], /say different counts/],
      [[first, part(1, 2, ['b.weight', 'c.weight'])], /hold 3 tensors, they say that there are 2/],
      [[first, part(1, 2, ['a.weight'])], /"a\.weight" appears twice/],
      [
        [writeGguf([], [tensor('a')]), writeGguf([], [tensor('b')])],
        /2 GGUF files that are no parts/,
      ],
      [
        [first, writeSafetensors([{ name: 'x', shape: [4], data: new Float32Array(4) }])],
        /be GGUF or all safetensors/,
      ],
      [[], /empty array/],
    ] as const) {
      await expect(openModel(files as Uint8Array[])).rejects.toThrow(says);
    }
    const whole = await openModel(part(0, 1, ['a.weight']));
    expect(whole.metadata.map(({ key }) => key)).toEqual(['general.architecture']);
  });
});

it('a file that cannot be read is named, of several', async () => {
  const good = writeSafetensors([{ name: 'x', shape: [4], data: new Float32Array(4) }]);
  const bad = new File(['no model at all'], 'model-2.safetensors');
  await expect(openModel([good, bad])).rejects.toThrow(
    expect.objectContaining({
      code: 'CORRUPT_DATA',
      message: expect.stringMatching(/^file 2 of 2 \("model-2\.safetensors"\): safetensors/),
    }),
  );
});

describe('floats of 8 bits', () => {
  const [rows, columns] = [300, 512];
  const count = rows * columns;
  const codes = fb.floats.encode(weights(count, 3), 'f8_e4m3');
  const values = fb.floats.decode(codes, 'f8_e4m3', count);
  const name = 'model.layers.0.mlp.up_proj.weight';
  const weight = { name, dtype: 'F8_E4M3' as const, shape: [rows, columns], data: codes };
  const scales = Float32Array.from({ length: 12 }, (_, i) => 2 ** (i - 4));
  const rowScales = Float32Array.from({ length: rows }, (_, i) => 1 + (i % 7));
  const products = (scaleOf: (row: number, column: number) => number) =>
    values.map((value, i) => value * scaleOf(Math.floor(i / columns), i % columns));

  it.each([
    ['no scales', undefined, () => 1],
    [
      'blocks of 128',
      { name: `${name}_scale_inv`, shape: [3, 4], data: scales },
      (row: number, column: number) => scales[4 * Math.floor(row / 128) + Math.floor(column / 128)],
    ],
    ['one for all', { name: `${name}_scale`, shape: [], data: new Float32Array([3]) }, () => 3],
    [
      'one a row',
      { name: `${name}_scale`, shape: [rows, 1], data: rowScales },
      (row: number) => rowScales[row],
    ],
    [
      'a list',
      { name: `${name}_scale`, shape: [rows], data: rowScales },
      (row: number) => rowScales[row],
    ],
    [
      'ComfyUI',
      { name: name.replace('weight', 'scale_weight'), shape: [1], data: new Float32Array([0.5]) },
      () => 0.5,
    ],
  ] as const)('%s: the weights times their scales', async (_, scale, scaleOf) => {
    const expected = products(scaleOf as (row: number, column: number) => number);
    const inputs = [writeSafetensors([weight]), ...(scale ? [writeSafetensors([scale])] : [])];
    const converter = createConverter(fb);
    const model = await openModel(inputs);
    expect(model.tensors.map((one) => one.name)).toEqual([name]);
    for (const type of ['Q8_0', 'F32', 'keep'] as const) {
      const plan = planModel(model, { type });
      const bytes = await collect(quantizeModel(model, plan, { converter }));
      const made = readGguf(bytes).tensor(name);
      const target = type === 'keep' ? (scale ? 'F32' : 'BF16') : type;
      expect(made.type).toBe(target);
      const right =
        target === 'F32' ? expected : fb.ggml.quantize(expected, target, { rowLength: columns });
      expectBytes(readGguf(bytes).bytes(name), right);
      const file = await openModel(bytes);
      for await (const { mse, meanSquare } of tensorErrors(fb, model, plan, file))
        expect(mse / meanSquare).toBeLessThan(1e-3);
    }
  });

  it('scales of another shape are refused with both names', async () => {
    const scale = { name: `${name}_scale_inv`, shape: [7, 4], data: new Float32Array(28) };
    await expect(openModel(writeSafetensors([weight, scale]))).rejects.toThrow(
      /up_proj\.weight_scale_inv" of F32 with shape \[7,4\] does not scale .*up_proj\.weight" with shape \[300,512\]/,
    );
  });

  it('experts have scales of their own', async () => {
    const shape = [2, 128, 256];
    const own = fb.floats.encode(weights(2 * 128 * 256, 5), 'f8_e5m2');
    const experts = { name: 'experts.up_proj', dtype: 'F8_E5M2' as const, shape, data: own };
    const each = Float32Array.of(1, 2, 4, 8);
    const scale = { name: 'experts.up_proj_scale_inv', shape: [2, 1, 2], data: each };
    const model = await openModel(writeSafetensors([experts, scale]));
    const plan = planModel(model, { type: 'F32' });
    const bytes = await collect(quantizeModel(model, plan, { converter: createConverter(fb) }));
    const expected = fb.floats
      .decode(own, 'f8_e5m2', 2 * 128 * 256)
      .map(
        (value, i) =>
          value * (each[2 * Math.floor(i / 32768) + Math.floor((i % 256) / 128)] as number),
      );
    expectBytes(readGguf(bytes).bytes('experts.up_proj'), expected);
  });
});
