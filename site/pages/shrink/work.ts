// The page's worker: opens, plans, measures and converts a model.

import { FewbitsError, load } from 'fewbits';
import { ggmlTypes, type Imatrix, openImatrix } from 'fewbits/io';
import {
  createConverterPool,
  imatrixMetadata,
  type Model,
  type ModelPlanOptions,
  type ModelTensor,
  mixtures,
  openModel,
  planModel,
  quantizeModel,
} from 'fewbits/models';
import { serve, type Work } from '../../shared/worker.ts';
import { exampleModel } from './example.ts';
import { candidates, isReadable, type Measured, measure } from './measure.ts';

/** A file, or the generated model. */
export type Source = File | 'example';

export interface Described {
  readonly name: string;
  readonly shape: readonly number[];
  readonly typeName: string;
  readonly values: number;
  readonly byteLength: number;
  /** Whether its values can be decoded. */
  readonly readable: boolean;
}

export interface Opened {
  readonly format: Model['format'];
  /** Bytes of the file. */
  readonly byteLength: number;
  readonly tensors: readonly Described[];
}

/** The plan for a tensor. */
export interface Planned {
  readonly name: string;
  readonly type: string;
  readonly byteLength: number;
  readonly reason: string;
}

export interface Plan {
  readonly byteLength: number;
  /** The number of tensors that are converted with importance. */
  readonly weighted: number;
  readonly tensors: readonly Planned[];
}

/** The requested plan, and the plans for every other type. */
export interface Plans {
  readonly chosen: Plan;
  readonly byType: readonly (Plan & { readonly type: string })[];
}

/** The contents of an importance matrix. */
export interface Weighing {
  readonly entries: number;
  readonly datasets: readonly string[];
  readonly chunks: number;
}

export interface Survey {
  readonly measured: readonly Measured[];
  /** Tensors that could not be measured, with the reasons. */
  readonly problems: readonly string[];
}

export interface Shrunk {
  readonly file: Blob;
  readonly milliseconds: number;
  readonly workers: number;
  /** WebAssembly memory of this worker and of the converters; it never shrinks. */
  readonly memoryBytes: number;
}

let current: Model | null = null;
let imatrix: { readonly name: string; readonly content: Imatrix } | null = null;

/**
 * The options with the importance matrix, if there is one, and with rules that keep quantized tensors unless
 * they may be quantized again.
 */
function weighted(given: ModelPlanOptions): ModelPlanOptions {
  const options = given.requantize ? given : { ...given, rules: withKept(given.rules) };
  if (!imatrix) return options;
  const { name, content } = imatrix;
  return {
    ...options,
    importance: content.weights,
    metadata: imatrixMetadata(content, name),
  };
}

function withKept(rules: ModelPlanOptions['rules'] = []): ModelPlanOptions['rules'] {
  const quantized = opened().tensors.filter(({ type }) => type && ggmlTypes[type].blockSize > 1);
  return [...rules, ...quantized.map(({ name }) => ({ name, type: 'keep' as const }))];
}

/** The weights if they fit; the plan refuses others. */
function importanceOf({ name, shape }: ModelTensor): Float32Array | undefined {
  const weights = imatrix?.content.weights.get(name);
  const row = shape.at(-1) ?? 1;
  const matrices = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return weights?.length === row * matrices ? weights : undefined;
}

function plan(options: ModelPlanOptions): Plan {
  const { tensors, byteLength } = planModel(opened(), weighted(options));
  return {
    byteLength,
    weighted: tensors.filter(({ importance }) => importance !== undefined).length,
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
  /** Reads the list of tensors; later calls are about this model. */
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

  /** Measures every type on a sample of every tensor. */
  async survey(_: null, work: Work): Promise<Survey> {
    const fb = await load();
    const model = opened();
    const tensors = model.tensors.filter((tensor) => isReadable(fb, tensor));
    const measured: Measured[] = [];
    const problems: string[] = [];
    for (const [i, tensor] of tensors.entries()) {
      work.progress(i / tensors.length, `Trying every type on a sample of ${tensor.name}`);
      try {
        const importance = importanceOf(tensor);
        measured.push(await measure(fb, model, tensor, { exact: false, importance }, work));
      } catch (error) {
        // A tensor with NaN does not prevent measuring the others.
        if (!(error instanceof FewbitsError)) throw error;
        problems.push(`${tensor.name}: ${error.message}`);
      }
    }
    return { measured, problems };
  },

  /** Measures types on all of one tensor; by default every type. */
  async exact(
    { name, types }: { name: string; types?: readonly string[] },
    work: Work,
  ): Promise<Measured> {
    const fb = await load();
    const model = opened();
    const tensor = model.tensors.find((one) => one.name === name);
    if (!tensor) throw new RangeError(`there is no tensor “${name}” in this file`);
    const options = { exact: true, importance: importanceOf(tensor), ...(types && { types }) };
    const what = types?.join(', ') ?? 'every type';
    return measure(fb, model, tensor, options, work, (fraction) =>
      work.progress(fraction, `Trying ${what} on all of ${name}`),
    );
  },

  /** Sets an importance matrix for everything planned, measured and written from now on; null for none. */
  async weigh({ file }: { file: File | null }): Promise<Weighing | null> {
    imatrix = file && { name: file.name, content: await openImatrix(file) };
    if (!imatrix) return null;
    const { weights, datasets, chunks } = imatrix.content;
    return { entries: weights.size, datasets, chunks };
  },

  /** Plans each tensor. */
  async plan({ options }: { options: ModelPlanOptions }, work: Work): Promise<Plans> {
    const types = [...candidates(await load()), ...mixtures];
    // Each key press in the rules requests plans: only the last ones are computed.
    await work.checkpoint();
    return {
      chosen: plan(options),
      byType: types.flatMap((type) => {
        try {
          return [{ type, ...plan({ ...options, type }) }];
        } catch (error) {
          // Q2_K_S is not available for tensors without importance.
          if (!(error instanceof FewbitsError)) throw error;
          return [];
        }
      }),
    };
  },

  /** Writes the GGUF file. */
  async shrink({ options }: { options: ModelPlanOptions }, work: Work): Promise<Shrunk> {
    const start = performance.now();
    const fb = await load();
    const model = opened();
    const plan = planModel(model, weighted(options));
    const pool = createConverterPool();
    try {
      const parts: Blob[] = [];
      const pieces = quantizeModel(model, plan, {
        converter: pool,
        // Each piece is copied to a blob at once.
        transient: true,
        onProgress: ({ bytesDone, bytes, tensor }) => work.progress(bytesDone / bytes, tensor),
      });
      for await (const piece of pieces) {
        // The browser can move a blob from memory to the disk.
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
      pool.dispose();
    }
  },
};

export type ShrinkCalls = typeof calls;
serve(calls);
