import { FewbitsError, load } from 'fewbits';
import {
  createConverterPool,
  type Model,
  type ModelPlanOptions,
  openModel,
  planModel,
  quantizeModel,
} from 'fewbits/models';
import { serve, type Work } from '../../shared/worker.ts';
import { exampleModel } from './example.ts';
import { candidates, isReadable, type Measured, measure } from './measure.ts';

/** A file, or the model that is made here. */
export type Source = File | 'example';

export interface Described {
  readonly name: string;
  readonly shape: readonly number[];
  readonly typeName: string;
  readonly values: number;
  readonly byteLength: number;
  /** Its values can be looked at. */
  readonly readable: boolean;
}

export interface Opened {
  readonly format: Model['format'];
  /** Of the file. */
  readonly byteLength: number;
  readonly tensors: readonly Described[];
}

/** What becomes of a tensor. */
export interface Planned {
  readonly name: string;
  readonly type: string;
  readonly byteLength: number;
  readonly reason: string;
}

export interface Plan {
  readonly byteLength: number;
  readonly tensors: readonly Planned[];
}

/** What was asked for, and the same with every other type. */
export interface Plans {
  readonly chosen: Plan;
  readonly byType: readonly (Plan & { readonly type: string })[];
}

export interface Survey {
  readonly measured: readonly Measured[];
  /** Tensors that could not be measured, and why. */
  readonly problems: readonly string[];
}

export interface Shrunk {
  readonly file: Blob;
  readonly milliseconds: number;
  readonly workers: number;
  /** WebAssembly memory of this worker and of those that converted; it never shrinks. */
  readonly memoryBytes: number;
}

let current: Model | null = null;

function plan(options: ModelPlanOptions): Plan {
  const { tensors, byteLength } = planModel(opened(), options);
  return {
    byteLength,
    tensors: tensors.map(({ name, to, source, byteLength, reason }) => {
      return { name, type: to ?? source.typeName, byteLength, reason };
    }),
  };
}

function opened(): Model {
  if (!current) throw new RangeError('no model is open');
  return current;
}

const calls = {
  /** Reads the list of tensors; what is called later is about this model. */
  async open({ source }: { source: Source }): Promise<Opened> {
    const fb = await load();
    const blob = source === 'example' ? new Blob([exampleModel()]) : source;
    const model = await openModel(blob);
    current = model;
    return {
      format: model.format,
      byteLength: blob.size,
      tensors: model.tensors.map((tensor) => ({
        name: tensor.name,
        shape: tensor.shape,
        typeName: tensor.typeName,
        values: tensor.shape.reduce((product, size) => product * size, 1),
        byteLength: tensor.byteLength,
        readable: isReadable(fb, tensor),
      })),
    };
  },

  /** Every type on a sample of every tensor. */
  async survey(_: null, work: Work): Promise<Survey> {
    const fb = await load();
    const model = opened();
    const tensors = model.tensors.filter((tensor) => isReadable(fb, tensor));
    const measured: Measured[] = [];
    const problems: string[] = [];
    for (const [i, tensor] of tensors.entries()) {
      work.progress(i / tensors.length, `Trying every type on a sample of ${tensor.name}`);
      try {
        measured.push(await measure(fb, model, tensor, false, work));
      } catch (error) {
        // A tensor with NaN in it says nothing about the others.
        if (!(error instanceof FewbitsError)) throw error;
        problems.push(`${tensor.name}: ${error.message}`);
      }
    }
    return { measured, problems };
  },

  /** Every type on all of one tensor. */
  async exact({ name }: { name: string }, work: Work): Promise<Measured> {
    const fb = await load();
    const model = opened();
    const tensor = model.tensors.find((one) => one.name === name);
    if (!tensor) throw new RangeError(`there is no tensor “${name}” in this file`);
    return measure(fb, model, tensor, true, work, (fraction) =>
      work.progress(fraction, `Trying every type on all of ${name}`),
    );
  },

  /** What would become of each tensor. */
  async plan({ options }: { options: ModelPlanOptions }): Promise<Plans> {
    const types = candidates(await load());
    return {
      chosen: plan(options),
      byType: types.map((type) => ({ type, ...plan({ ...options, type }) })),
    };
  },

  /** The GGUF file. */
  async shrink({ options }: { options: ModelPlanOptions }, work: Work): Promise<Shrunk> {
    const start = performance.now();
    const fb = await load();
    const model = opened();
    const plan = planModel(model, options);
    const pool = createConverterPool();
    try {
      const parts: Blob[] = [];
      const pieces = quantizeModel(model, plan, {
        converter: pool,
        onProgress: ({ bytesDone, bytes, tensor }) => work.progress(bytesDone / bytes, tensor),
      });
      for await (const piece of pieces) {
        // A blob may leave memory for the disk.
        parts.push(new Blob([piece]));
        await work.checkpoint();
      }
      return {
        file: new Blob(parts, { type: 'application/octet-stream' }),
        milliseconds: performance.now() - start,
        workers: pool.concurrency,
        memoryBytes: fb.memoryBytes + pool.memoryBytes,
      };
    } finally {
      pool.close();
    }
  },
};

export type ShrinkCalls = typeof calls;
serve(calls);
