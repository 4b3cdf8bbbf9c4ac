// Conversions as they run: pools, progress, signals, memory, errors measured afterwards, options.

import type { GgmlTypeName } from 'fewbits/io';
import {
  createConverter,
  createConverterPool,
  type ModelPlanOptions,
  type ModelProgress,
  openModel,
  planModel,
  planModelAsync,
  type QuantizeModelOptions,
  quantizeModel,
  type TensorError,
  tensorErrors,
} from 'fewbits/models';
import { describe, expect, it } from 'vitest';
import { bytesOf, collect, expectBytes, fb, ggufModel, quantize, row, values } from './support.ts';

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
    const { mse, maxAbs, sqnrDb } = fb.compare(values.large, back);
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

  it('a plan of many tensors leaves others their turn, and can be stopped', async () => {
    const made = (count: number) => ({
      format: 'safetensors' as const,
      tensors: Array.from({ length: count }, (_, i) => {
        const name = `model.layers.${i % 80}.mlp.experts.${i}.up_proj.weight`;
        return { name, shape: [4, 256], typeName: 'F16', type: 'F16' as const, byteLength: 2048 };
      }),
      metadata: [],
      read: async () => new Uint8Array(),
    });
    const model = made(20_000);
    const plan = planModel(model, { type: 'Q4_K_M' });
    const later = await planModelAsync(model, { type: 'Q4_K_M' });
    expectBytes(later.gguf.header, plan.gguf.header);
    expect(later.byteLength).toBe(plan.byteLength);
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason));
    const stopped = planModelAsync(model, { type: 'Q4_K_M', signal: controller.signal });
    await expect(stopped).rejects.toBe(reason);
    await expect(planModelAsync(model, { type: 'Q9' as 'Q8_0' })).rejects.toThrow(
      /type must be one of/,
    );
  });

  it('progress grows to the end', async () => {
    const model = await openModel(ggufModel());
    const plan = planModel(model, { type: 'Q4_0' });
    const seen: ModelProgress[] = [];
    const onProgress = (progress: ModelProgress) => seen.push(progress);
    await collect(quantizeModel(model, plan, { converter: createConverter(fb), onProgress }));
    expect(seen.length).toBe(plan.tensors.length + 2); // the large one is written in three chunks
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

  it.each([
    ['a reason', new Error('enough')],
    ['null', null],
    ['nothing', undefined],
  ])('a signal aborted with %s stops it at once, whatever it waits for', async (_, reason) => {
    const model = await openModel(ggufModel());
    const plan = planModel(model, { type: 'Q4_0' });
    const reasonOf = (work: Promise<unknown>) =>
      work.then(
        () => 'passed',
        (thrown) => thrown,
      );
    let asked = 0;
    const converter = {
      concurrency: 1,
      convert() {
        asked++;
        return new Promise<never>(() => {});
      },
    };
    const before = AbortSignal.abort(reason);
    const early = quantizeModel(model, plan, { converter, signal: before });
    expect(await reasonOf(early.next())).toBe(before.reason);
    expect(asked).toBe(0);
    const made = await openModel(ggufModel());
    const errors = tensorErrors(fb, model, plan, made, { signal: before });
    expect(await reasonOf(errors.next())).toBe(before.reason);
    const controller = new AbortController();
    const pieces = quantizeModel(model, plan, { converter, signal: controller.signal });
    const running = reasonOf(collect(pieces));
    await expect.poll(() => asked).toBeGreaterThan(0);
    controller.abort(reason);
    expect(await running).toBe(controller.signal.reason);
    for (const odd of [null, {}, 'stop', new AbortController()]) {
      const refused = quantizeModel(model, plan, { converter, signal: odd as never });
      expect(await reasonOf(refused.next())).toMatchObject({ code: 'INVALID_ARGUMENT' });
      const others = tensorErrors(fb, model, plan, made, { signal: odd as never });
      expect(await reasonOf(others.next())).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
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
      [{ type: 'Q4_0', requantize: 'no' }, /requantize must be true or false, got 'no'/],
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
      expect(() => planModel(model, { type: 'Q4_0', rules })).toThrow(/the rule for 'x'/);
    }
    await expect(openModel(new Uint8Array(3))).rejects.toMatchObject({ code: 'CORRUPT_DATA' });
  });
});
