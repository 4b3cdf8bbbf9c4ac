import { FewbitsError } from '../core/errors.js';
import { type GgmlTypeName, ggmlTypes } from '../ggml-types.js';
import { type GgufEntryInput, type GgufPlan, planGguf } from '../io/gguf.js';
import { describe, elementCount, invalid, quote } from '../io/source.js';
import type { Model, ModelTensor } from './model.js';
import { fileTypes, fittingType, isUntouched, targetTypes } from './rules.js';

/** What becomes of the tensors whose names match. */
export interface TensorRule {
  /** A name, in which `*` stands for anything, or a pattern. */
  name: string | RegExp;
  /** A type, 'keep' for the bytes as they are, 'drop' to leave the tensor out. */
  type: GgmlTypeName | 'keep' | 'drop';
}

export interface ModelPlanOptions {
  /** The type of every tensor that no rule and no default speaks for; 'keep' only changes the file's format. */
  type: GgmlTypeName | 'keep';
  /** The first that matches a tensor decides. */
  rules?: readonly TensorRule[];
  /** Give the output tensor of a GGUF model the same type as all; by default it has Q6_K or Q8_0. */
  pure?: boolean;
  /** Convert tensors that are quantized already, which loses more than once. Default false: they are kept. */
  requantize?: boolean;
  /** Tensors of fewer values are kept. Default 1024. */
  minValues?: number;
  /** Metadata to add or to put in the place of what the model has. */
  metadata?: readonly GgufEntryInput[];
  alignment?: number;
}

/** What becomes of one tensor, and why. */
export interface PlannedTensor {
  readonly source: ModelTensor;
  readonly name: string;
  readonly shape: readonly number[];
  /** Undefined: the bytes are kept. */
  readonly to: GgmlTypeName | undefined;
  readonly reason: string;
  readonly byteLength: number;
}

export interface ModelPlan {
  readonly tensors: readonly PlannedTensor[];
  readonly gguf: GgufPlan;
  /** The length of the file to be made. */
  readonly byteLength: number;
}

type Decision = { to?: GgmlTypeName; reason: string };

const quantizationVersion = 2;

/**
 * Decides the type of each tensor and lays out the GGUF file, without reading any data.
 *
 * Kept are: what a rule says; tensors of one dimension; small ones; those that llama.cpp's quantize tool leaves
 * alone by name (for GGUF also all whose names do not end in `weight`); integers; what is quantized already. All
 * others get the type asked for, or the one with smaller blocks that the tool falls back to when rows are not whole
 * blocks, or F16. All metadata stay but `general.file_type` and `general.quantization_version`.
 *
 * @throws FewbitsError INVALID_ARGUMENT for types that cannot be made, UNSUPPORTED for tensors that GGUF has no type for
 */
export function planModel(model: Model, options: ModelPlanOptions): ModelPlan {
  checkTarget('type', options.type, ['keep']);
  const rules = (options.rules ?? []).map(({ name, type }) => {
    checkTarget(`the rule for ${describe(name)}`, type, ['keep', 'drop']);
    return { pattern: patternOf(name), type };
  });
  const outputName = outputTensor(model);
  const tensors: PlannedTensor[] = [];
  for (const source of model.tensors) {
    const rule = rules.find(({ pattern }) => pattern.test(source.name));
    if (rule?.type === 'drop') continue;
    const { to, reason } = rule
      ? byRule(source, rule.type as GgmlTypeName | 'keep')
      : byDefault(model, source, options, outputName);
    const converts = to !== undefined && to !== source.type;
    if (!converts && source.type === undefined && source.typeId === undefined) {
      throw new FewbitsError(
        'UNSUPPORTED',
        `tensor ${quote(source.name)} is ${source.typeName}, which GGUF has no type for; a rule can drop it`,
      );
    }
    tensors.push({
      source,
      name: source.name,
      shape: source.shape,
      to: converts ? to : undefined,
      reason,
      byteLength: converts ? convertedBytes(source, to) : source.byteLength,
    });
  }
  const gguf = planGguf(
    plannedMetadata(model, options),
    tensors.map(({ name, shape, to, source, byteLength }) => {
      return { name, shape, type: to ?? source.type ?? (source.typeId as number), byteLength };
    }),
    options.alignment === undefined ? {} : { alignment: options.alignment },
  );
  return { tensors, gguf, byteLength: gguf.byteLength };
}

function checkTarget(what: string, type: string, words: readonly string[]): void {
  if (words.includes(type) || targetTypes.includes(type as GgmlTypeName)) return;
  throw invalid(
    `${what} must be one of ${[...words, ...targetTypes].join(', ')}; got ${describe(type)}`,
  );
}

function patternOf(name: string | RegExp): RegExp {
  // Without g and y, which would make test() remember where it was.
  if (name instanceof RegExp) return new RegExp(name.source, name.flags.replace(/[gy]/g, ''));
  if (typeof name !== 'string')
    throw invalid(`a rule's name must be a string or a RegExp, got ${describe(name)}`);
  const parts = name.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** The tensor that turns the last layer into tokens: its own, or the embedding that is used for both. */
function outputTensor({ format, tensors }: Model): string | undefined {
  if (format !== 'gguf') return undefined;
  const names = ['output.weight', 'token_embd.weight'];
  return names.find((name) => tensors.some((tensor) => tensor.name === name));
}

const rowLength = ({ shape }: ModelTensor) => shape.at(-1) ?? 1;
const isFloat = (type: GgmlTypeName | undefined) =>
  type !== undefined && ['F64', 'F32', 'F16', 'BF16'].includes(type);

function byRule(source: ModelTensor, type: GgmlTypeName | 'keep'): Decision {
  if (type === 'keep') return { reason: 'kept by a rule' };
  checkConvertible(source);
  return fitted(source, type, 'a rule');
}

function byDefault(
  model: Model,
  source: ModelTensor,
  { type, pure = false, requantize = false, minValues = 1024 }: ModelPlanOptions,
  outputName: string | undefined,
): Decision {
  const { name, shape } = source;
  if (type === 'keep') return { reason: 'kept: nothing is to be converted' };
  if (shape.length < 2) return { reason: 'kept: fewer than two dimensions' };
  if ((elementCount(shape) as number) < minValues)
    return { reason: `kept: fewer than ${minValues} values` };
  if (isUntouched(name)) return { reason: 'kept: by its name' };
  if (model.format === 'gguf' && !name.endsWith('weight'))
    return { reason: 'kept: its name does not end in weight' };
  if (!isFloat(source.type)) {
    const quantized = source.type !== undefined && targetTypes.includes(source.type);
    if (!quantized) return { reason: `kept: ${source.typeName} is not converted` };
    if (!requantize) return { reason: 'kept: quantized already' };
  }
  const { blockSize } = ggmlTypes[type];
  if (!pure && blockSize > 1 && name === outputName && type !== 'Q8_0') {
    if (rowLength(source) % blockSize !== 0) return fitted(source, 'Q8_0', 'the output tensor');
    return fitted(source, 'Q6_K', 'the output tensor');
  }
  return fitted(source, type, 'the type asked for');
}

function fitted(source: ModelTensor, type: GgmlTypeName, why: string): Decision {
  const row = rowLength(source);
  const to = fittingType(type, row);
  if (to === type) return { to, reason: why };
  return { to, reason: `${why}, but rows of ${row} are not whole blocks of ${type}` };
}

function checkConvertible({ name, type, typeName }: ModelTensor): void {
  if (isFloat(type) || (type !== undefined && targetTypes.includes(type))) return;
  throw new FewbitsError(
    'UNSUPPORTED',
    `tensor ${quote(name)} is ${typeName}, which cannot be converted`,
  );
}

function convertedBytes({ shape }: ModelTensor, to: GgmlTypeName): number {
  const { blockSize, bytesPerBlock } = ggmlTypes[to];
  return ((elementCount(shape) as number) / blockSize) * bytesPerBlock;
}

function plannedMetadata(
  model: Model,
  { type, metadata = [] }: ModelPlanOptions,
): GgufEntryInput[] {
  const entries = new Map(model.metadata.map((entry) => [entry.key, entry]));
  const set = (entry: GgufEntryInput) => entries.set(entry.key, entry);
  if (type !== 'keep') {
    set({ key: 'general.quantization_version', type: 'u32', value: quantizationVersion });
    set({ key: 'general.file_type', type: 'u32', value: fileTypes[type] as number });
  }
  for (const entry of metadata) set(entry);
  return [...entries.values()];
}
