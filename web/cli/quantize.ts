// The command `fewbits quantize`: converts a model to GGUF at few bits.

import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from 'fewbits';
import { type Imatrix, openImatrix, type RangedReader } from 'fewbits/io';
import {
  createConverter,
  createConverterPool,
  imatrixMetadata,
  type Model,
  type ModelPlan,
  type ModelPlanOptions,
  mixtures,
  openModel,
  planModelAsync,
  quantizeModel,
  type TensorError,
  type TensorRule,
  targetTypes,
  tensorErrors,
} from 'fewbits/models';
import { type InputFile, withFiles } from './files.js';
import { modelFiles } from './inputs.js';
import { entryOf } from './metadata.js';
import { checkOutput, type Output, writeOutput } from './output.js';
import { complain, print } from './print.js';
import { type Renamer, renamerOf } from './rename.js';
import {
  bytesText,
  cut,
  oneOf,
  paths,
  printable,
  tableLines,
  UsageError,
  wholeNumber,
} from './text.js';

export const QUANTIZE_HELP = `fewbits quantize <in> <out.gguf> --type TYPE

Quantizes a model to GGUF, tensor by tensor, within 300 MB of memory. <in> is a GGUF or safetensors file,
the index of sharded safetensors (model.safetensors.index.json), the first part of a split GGUF, or the
folder of a model; <out.gguf> may be - for the standard output. Tensors of one dimension, small ones, and
those that llama.cpp's quantize tool leaves alone keep their bytes; rows that are not whole blocks get a
type with smaller blocks. Metadata stay as they are, but for the file type. Names stay as they are too: a
safetensors model from a training framework has not the names that llama.cpp looks for. Values that are
not finite, and what a type cannot hold, are refused: the output appears whole and checked, or not at all,
and an earlier one stays until then.

  --type TYPE          ${targetTypes.slice(0, 11).join(' ')}
                       ${targetTypes.slice(11).join(' ')},
                       a mixture of llama.cpp's: ${mixtures.slice(0, 8).join(' ')}
                       ${mixtures.slice(8).join(' ')},
                       or keep. A name means what it means to llama.cpp's quantize tool, which gives
                       some tensors more bits; but Q3_K, Q4_K and Q5_K are one type for all but the output
  --rule NAME=TYPE     another type for tensors whose name matches; * stands for anything; TYPE may be
                       keep or drop; the first rule that matches decides; can be repeated. Norms, routers
                       and the like are reached by their very name only, for F32, F16, BF16, keep or drop
  --allow-unmatched    take rules and renamings that match no tensor
  --rename FROM=TO     another name for tensors whose name matches; each * in TO is what one in FROM stood
                       for; the first that matches decides; can be repeated
  --pure               all tensors get the same type, the output tensor too (else Q6_K or Q8_0)
  --imatrix FILE       an importance matrix as llama.cpp's imatrix tool writes it, GGUF or .dat: which
                       columns matter more; by the tensors' names, so for models with names of GGUF
  --requantize         convert tensors that are quantized already, too
  --min-values N       keep tensors of fewer values (default 1024)
  --meta KEY=VALUE     a value for the metadata: a string, or TYPE:VALUE with one of uint8 int8 uint16
                       int16 uint32 int32 uint64 int64 f32 f64 bool str, such as n=uint32:8 or
                       on=bool:true, or an array of such, as uint32:[1,2]; int and float choose uint32
                       or int32, and f32; u8 is short for uint8, and so on; can be repeated
  --threads N          worker threads (default: one for each core, 12 at most)
  --verify             read what was written again, before it appears: kept tensors must be the same, and
                       the error of each converted one is printed, as a share of its size
  --dry-run            print what would become of each tensor and stop
  --quiet              print nothing but errors`;

export async function quantize(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      type: { type: 'string' },
      rule: { type: 'string', multiple: true, default: [] },
      'allow-unmatched': { type: 'boolean', default: false },
      rename: { type: 'string', multiple: true, default: [] },
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
  if (values.type === undefined) throw new UsageError('--type is missing');
  const options: ModelPlanOptions = {
    type: oneOf('type', values.type, ['keep', ...targetTypes, ...mixtures]),
    rules: values.rule.map(ruleOf),
    allowUnmatched: values['allow-unmatched'],
    pure: values.pure,
    requantize: values.requantize,
    minValues: wholeNumber('min-values', values['min-values'], 0, Number.MAX_SAFE_INTEGER),
    metadata: values.meta.map(entryOf),
  };
  const { threads, imatrix, verify, quiet } = values;
  const settings: Settings = {
    options,
    renamer: renamerOf(values.rename),
    imatrix,
    threads: threads === undefined ? undefined : wholeNumber('threads', threads, 1, 1024),
    verify,
    dryRun: values['dry-run'],
    quiet,
  };
  const files = await modelFiles(input);
  const all = imatrix === undefined ? files : [...files, imatrix];
  await withFiles(all, (opened) => quantizeFiles(opened, files.length, output, settings));
}

interface Settings {
  readonly options: ModelPlanOptions;
  readonly renamer: Renamer;
  readonly imatrix: string | undefined;
  readonly threads: number | undefined;
  readonly verify: boolean;
  readonly dryRun: boolean;
  readonly quiet: boolean;
}

/**
 * Plans and writes the output; the first `modelFileCount` files are the model, an importance matrix may
 * follow.
 */
async function quantizeFiles(
  files: readonly InputFile[],
  modelFileCount: number,
  output: string,
  settings: Settings,
): Promise<void> {
  const { renamer, imatrix, verify, dryRun, quiet } = settings;
  const out = dryRun ? undefined : await checkOutput(output, files, { stream: !verify });
  const parts = files.slice(0, modelFileCount);
  const model = await openModel(parts);
  const matrix = files[modelFileCount];
  const importance = matrix === undefined ? undefined : await openImatrix(matrix);
  const options: ModelPlanOptions = { ...settings.options, rename: renamer.rename };
  const plan = await planModelAsync(model, weighted(options, imatrix, importance));
  const [unmatched] = renamer.unmatched();
  if (unmatched !== undefined && !options.allowUnmatched)
    throw new UsageError(`--rename ${unmatched} matches no tensor; --allow-unmatched takes it`);
  const say = (text: string | Iterable<string>) => (quiet || out?.stream ? undefined : print(text));
  if (!quiet) for (const warning of plan.warnings) warn(warning);
  if (importance) await say(coverage(plan));
  if (out === undefined) {
    await print(planLines(plan));
    return;
  }
  const start = performance.now();
  const errors = await run(model, plan, out, settings);
  if (verify) await say(errorLines(errors));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const size = parts.reduce((sum, file) => sum + file.size, 0);
  const [before, after] = [size, plan.byteLength].map(bytesText);
  const count = `${plan.tensors.length} tensors`;
  await say(`${printable(output)}: ${count}, ${before} to ${after}, ${seconds} s`);
}

const warn = (text: string) => complain(`fewbits: warning: ${printable(text)}`);

/** Writes the output; returns the errors of its tensors if requested. */
async function run(
  model: Model,
  plan: ModelPlan,
  out: Output,
  { threads, verify, quiet }: Settings,
): Promise<readonly TensorError[]> {
  const pool = threads === 1 ? undefined : createConverterPool({ workers: threads });
  const errors: TensorError[] = [];
  try {
    const fb = await load();
    const converter = pool ?? createConverter(fb);
    const progress = process.stderr.isTTY && !quiet;
    const pieces = quantizeModel(model, plan, {
      converter,
      transient: true,
      onWarning: quiet ? undefined : warn,
      onProgress: ({ tensor, bytesDone, bytes }) => {
        if (!progress) return;
        const percent = Math.floor((100 * bytesDone) / bytes);
        const name = printable(tensor).slice(0, 60);
        process.stderr.write(`\r\x1b[K${String(percent).padStart(3)} %  ${name}`);
      },
    });
    const check = async (file: RangedReader) => {
      const made = await openModel(file);
      for await (const one of tensorErrors(fb, model, plan, made)) errors.push(one);
    };
    await writeOutput(out, pieces, verify ? check : undefined);
    if (progress) process.stderr.write('\r\x1b[K');
    return errors;
  } finally {
    pool?.dispose();
  }
}

/** Lines with the error of each converted tensor, and of all together. */
function* errorLines(found: readonly TensorError[]): Generator<string, void, void> {
  const percent = (mse: number, meanSquare: number) =>
    `${(mse === 0 ? 0 : 100 * Math.sqrt(mse / meanSquare)).toPrecision(3)} %`;
  const rows = found.map(({ name, type, mse, meanSquare, maxAbs }) => {
    return [name, type, percent(mse, meanSquare), maxAbs.toPrecision(3)];
  });
  yield* tableLines([['tensor', 'type', 'error', 'largest'], ...rows]);
  const total = (of: 'mse' | 'meanSquare') =>
    found.reduce((sum, one) => sum + one.values * one[of], 0);
  yield `all that was converted: ${percent(total('mse'), total('meanSquare'))}`;
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

/** The number of tensors that use the importance matrix: one that fits none would go unnoticed. */
function coverage({ tensors }: ModelPlan): string {
  const converted = tensors.filter(({ to }) => to !== undefined);
  const without = converted.filter(({ importance }) => importance === undefined);
  const names = without.slice(0, 8).map(({ name }) => cut(name));
  const rest = without.length > names.length ? ', ...' : '';
  const used = `importance for ${converted.length - without.length} of ${converted.length} tensors`;
  return without.length === 0 ? used : `${used}, none for ${names.join(', ')}${rest}`;
}

function ruleOf(text: string): TensorRule {
  // Splits at the last '=', as a name may contain one but a type cannot.
  const at = text.lastIndexOf('=');
  if (at < 1) throw new UsageError(`--rule must be NAME=TYPE, got '${text}'`);
  const type = oneOf('rule', text.slice(at + 1), ['keep', 'drop', ...targetTypes]);
  return { name: text.slice(0, at), type };
}

function* planLines({ tensors, byteLength }: ModelPlan): Generator<string, void, void> {
  const rows = tensors.map(({ name, shape, source, to, byteLength: bytes, reason }) => {
    return [name, shape.join(' x '), source.typeName, to ?? 'keep', bytes, reason];
  });
  yield* tableLines([['tensor', 'shape', 'from', 'to', 'bytes', 'why'], ...rows]);
  yield `${tensors.length} tensors, ${bytesText(byteLength)}`;
}
