// `fewbits quantize`: a model to GGUF at few bits.

import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from 'fewbits';
import { type GgufEntryInput, type Imatrix, openImatrix } from 'fewbits/io';
import {
  createConverter,
  createConverterPool,
  imatrixMetadata,
  type Model,
  type ModelPlan,
  type ModelPlanOptions,
  mixtures,
  openModel,
  planModel,
  quantizeModel,
  type TensorError,
  type TensorRule,
  targetTypes,
  tensorErrors,
} from 'fewbits/models';
import { withFile, writeWhole } from './files.js';
import { bytesText, oneOf, paths, printable, table, UsageError, wholeNumber } from './text.js';

export const quantizeHelp = `fewbits quantize <in.safetensors | in.gguf> <out.gguf> --type TYPE

Quantizes a model to GGUF, tensor by tensor, within 300 MB of memory. Tensors of one dimension, small
ones, and those that llama.cpp's quantize tool leaves alone keep their bytes; rows that are not whole
blocks get a type with smaller blocks. Metadata stay as they are, but for the file type. Names stay as
they are too: a safetensors model from a training framework has not the names that llama.cpp looks for.

  --type TYPE          ${targetTypes.slice(0, 11).join(' ')}
                       ${targetTypes.slice(11).join(' ')},
                       a mixture of llama.cpp's: ${mixtures.join(' ')},
                       or keep. A name means what it means to llama.cpp's quantize tool, which gives
                       some tensors more bits; but Q3_K, Q4_K and Q5_K are one type for all but the output
  --rule NAME=TYPE     another type for tensors whose name matches; * stands for anything; TYPE may be
                       keep or drop; the first rule that matches decides; can be repeated
  --pure               all tensors get the same type, the output tensor too (else Q6_K or Q8_0)
  --imatrix FILE       an importance matrix as llama.cpp's imatrix tool writes it, GGUF or .dat: which
                       columns matter more; by the tensors' names, so for models with names of GGUF
  --requantize         convert tensors that are quantized already, too
  --min-values N       keep tensors of fewer values (default 1024)
  --meta KEY=TEXT      a string for the metadata; can be repeated
  --threads N          worker threads (default: one for each core, 12 at most)
  --verify             read the written file again: kept tensors must be the same, and the error of each
                       converted one is printed, over all of its values, as a share of their size
  --dry-run            print what would become of each tensor and stop
  --quiet              print nothing but errors`;

export async function quantize(args: string[], signal: AbortSignal): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      type: { type: 'string' },
      rule: { type: 'string', multiple: true, default: [] },
      pure: { type: 'boolean', default: false },
      imatrix: { type: 'string' },
      requantize: { type: 'boolean', default: false },
      'min-values': { type: 'string', default: '1024' },
      meta: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string' },
      verify: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
    },
  });
  const [input, output] = paths(positionals, ['in', 'out.gguf']);
  if (resolve(input) === resolve(output)) throw new UsageError('in and out are the same file');
  if (values.type === undefined) throw new UsageError('--type is missing');
  const options: ModelPlanOptions = {
    type: oneOf('type', values.type, ['keep', ...targetTypes, ...mixtures]),
    rules: values.rule.map(ruleOf),
    pure: values.pure,
    requantize: values.requantize,
    minValues: wholeNumber('min-values', values['min-values'], 0, Number.MAX_SAFE_INTEGER),
    metadata: values.meta.map(entryOf),
  };
  const threads =
    values.threads === undefined ? undefined : wholeNumber('threads', values.threads, 1, 1024);
  const { imatrix } = values;
  const importance = imatrix === undefined ? undefined : await withFile(imatrix, openImatrix);
  await withFile(input, async (file) => {
    const model = await openModel(file);
    const plan = planModel(model, weighted(options, imatrix, importance));
    if (importance && !values.quiet) console.log(coverage(plan));
    if (values['dry-run']) {
      console.log(planTable(plan));
      return;
    }
    const start = performance.now();
    await run(model, plan, output, threads, signal, values.quiet);
    const errors = values.verify ? await verify(model, plan, output, signal) : '';
    if (values.quiet) return;
    if (errors !== '') console.log(errors);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const [before, after] = [file.size, plan.byteLength].map(bytesText);
    console.log(`${output}: ${plan.tensors.length} tensors, ${before} to ${after}, ${seconds} s`);
  });
}

async function run(
  model: Model,
  plan: ModelPlan,
  output: string,
  threads: number | undefined,
  signal: AbortSignal,
  quiet: boolean,
): Promise<void> {
  const pool =
    threads === 1
      ? undefined
      : createConverterPool(threads === undefined ? {} : { workers: threads });
  try {
    const converter = pool ?? createConverter(await load());
    const progress = process.stderr.isTTY && !quiet;
    const pieces = quantizeModel(model, plan, {
      converter,
      signal,
      transient: true,
      onProgress: ({ tensor, bytesDone, bytes }) => {
        if (!progress) return;
        const percent = Math.floor((100 * bytesDone) / bytes);
        process.stderr.write(`\r\x1b[K${String(percent).padStart(3)} %  ${printable(tensor)}`);
      },
    });
    await writeWhole(output, pieces);
    if (progress) process.stderr.write('\r\x1b[K');
  } finally {
    pool?.dispose();
  }
}

/** The error of each converted tensor, and of all together. */
async function verify(
  model: Model,
  plan: ModelPlan,
  output: string,
  signal: AbortSignal,
): Promise<string> {
  const fb = await load();
  const found: TensorError[] = [];
  await withFile(output, async (file) => {
    const made = await openModel(file);
    for await (const one of tensorErrors(fb, model, plan, made, { signal })) found.push(one);
  });
  const percent = (mse: number, meanSquare: number) =>
    `${(mse === 0 ? 0 : 100 * Math.sqrt(mse / meanSquare)).toPrecision(3)} %`;
  const rows = found.map(({ name, type, mse, meanSquare, maxAbs }) => {
    return [name, type, percent(mse, meanSquare), maxAbs.toPrecision(3)];
  });
  const total = (of: 'mse' | 'meanSquare') =>
    found.reduce((sum, one) => sum + one.values * one[of], 0);
  const all = percent(total('mse'), total('meanSquare'));
  return `${table([['tensor', 'type', 'error', 'largest'], ...rows])}\nall that was converted: ${all}`;
}

function weighted(
  options: ModelPlanOptions,
  path: string | undefined,
  imatrix: Imatrix | undefined,
): ModelPlanOptions {
  if (path === undefined || imatrix === undefined) return options;
  const metadata = [...imatrixMetadata(imatrix, basename(path)), ...(options.metadata ?? [])];
  return { ...options, metadata, importance: imatrix.weights };
}

/** How many tensors use the importance matrix: one that fits none would go unnoticed. */
function coverage({ tensors }: ModelPlan): string {
  const converted = tensors.filter(({ to }) => to !== undefined);
  const without = converted.filter(({ importance }) => importance === undefined);
  const names = without.slice(0, 8).map(({ name }) => printable(name));
  const rest = without.length > names.length ? ', ...' : '';
  const used = `importance for ${converted.length - without.length} of ${converted.length} tensors`;
  return without.length === 0 ? used : `${used}, none for ${names.join(', ')}${rest}`;
}

function ruleOf(text: string): TensorRule {
  // The last '=': a name may hold one, a type cannot.
  const at = text.lastIndexOf('=');
  if (at < 1) throw new UsageError(`--rule must be NAME=TYPE, got '${text}'`);
  const type = oneOf('rule', text.slice(at + 1), ['keep', 'drop', ...targetTypes]);
  return { name: text.slice(0, at), type };
}

function entryOf(text: string): GgufEntryInput {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--meta must be KEY=TEXT, got '${text}'`);
  return { key: text.slice(0, at), type: 'string', value: text.slice(at + 1) };
}

function planTable({ tensors, byteLength }: ModelPlan): string {
  const rows = tensors.map(({ name, shape, source, to, byteLength, reason }) => {
    return [name, shape.join(' x '), source.typeName, to ?? 'keep', byteLength, reason];
  });
  const head = ['tensor', 'shape', 'from', 'to', 'bytes', 'why'];
  return `${table([head, ...rows])}\n${tensors.length} tensors, ${bytesText(byteLength)}`;
}
