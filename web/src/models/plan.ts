import { FewbitsError } from '../core/errors.js';
import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import { type GgufEntryInput, type GgufPlan, planGguf } from '../io/gguf.js';
import { describe, elementCount, invalid, quote } from '../io/source.js';
import {
  type Chosen,
  chooseTypes,
  type MixtureName,
  mixtures,
  type TargetName,
  targets,
  targetTypes,
} from './mixtures.js';
import type { Model, ModelTensor } from './model.js';
import { fittingType, isUntouched } from './rules.js';

/** What becomes of the tensors whose names match. */
export interface TensorRule {
  /** A name, in which `*` stands for anything, or a pattern. */
  name: string | RegExp;
  /** A type, 'keep' for the bytes as they are, 'drop' to leave the tensor out. */
  type: GgmlTypeName | 'keep' | 'drop';
}

export interface ModelPlanOptions {
  /**
   * What llama.cpp's quantize tool has under this name: the type of most tensors, where some by their role and place
   * get another one. Of Q3_K, Q4_K and Q5_K only the output tensor does. 'keep' only changes the file's format.
   */
  type: GgmlTypeName | MixtureName | 'keep';
  /** The first that matches a tensor decides. */
  rules?: readonly TensorRule[];
  /** Give all tensors the same type, the output tensor too, which has Q6_K or Q8_0 otherwise. */
  pure?: boolean;
  /**
   * Weights of the columns of tensors by name, as `openImatrix` of `fewbits/io` reads them. Tensors that are not in it
   * are converted without. Some mixtures choose other types where there is one.
   */
  importance?: ReadonlyMap<string, Float32Array>;
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
  /** The weights of its columns, or of the columns of each of its matrices, if it is converted with any. */
  readonly importance: Float32Array | undefined;
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
 * others get the type asked for, or what the mixture of that name says, or the one with smaller blocks that the tool
 * falls back to when rows are not whole blocks, or F16. Of safetensors the names that transformers' decoder-only models
 * have are understood. All metadata stay but `general.file_type` and `general.quantization_version`.
 *
 * @throws FewbitsError INVALID_ARGUMENT for types that cannot be made, for importance of another length than the
 * tensor's, and for a tensor of Q2_K_S in Q2_K without any; UNSUPPORTED for tensors that GGUF has no type for
 */
export function planModel(model: Model, options: ModelPlanOptions): ModelPlan {
  checkTarget('type', options.type, ['keep', ...mixtures]);
  const rules = (options.rules ?? []).map(({ name, type }) => {
    checkTarget(`the rule for ${describe(name)}`, type, ['keep', 'drop']);
    return { pattern: patternOf(name), type };
  });
  const chosen = chosenTypes(model, options, (name) => rules.some((one) => one.pattern.test(name)));
  const tensors: PlannedTensor[] = [];
  for (const source of model.tensors) {
    const rule = rules.find(({ pattern }) => pattern.test(source.name));
    if (rule?.type === 'drop') continue;
    const { to, reason } = rule
      ? byRule(source, rule.type as GgmlTypeName | 'keep')
      : byDefault(model, source, options, chosen);
    const converts = to !== undefined && to !== source.type;
    const importance = converts ? importanceOf(source, to, options) : undefined;
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
      importance,
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

const rowLength = ({ shape }: ModelTensor) => shape.at(-1) ?? 1;
const isFloat = (type: GgmlTypeName | undefined) =>
  type !== undefined && ['F64', 'F32', 'F16', 'BF16'].includes(type);

function byRule(source: ModelTensor, type: GgmlTypeName | 'keep'): Decision {
  if (type === 'keep') return { reason: 'kept by a rule' };
  checkConvertible(source);
  return fitted(source, type, 'a rule');
}

/** Why the tool would keep a tensor whatever it holds, if it would. */
function keptAs({ format }: Model, { name, shape }: ModelTensor): string | undefined {
  if (shape.length < 2) return 'kept: fewer than two dimensions';
  if (isUntouched(name)) return 'kept: by its name';
  if (format === 'gguf' && !name.endsWith('weight')) return 'kept: its name does not end in weight';
  return undefined;
}

/** The types of a mixture; none where all are to be the same. */
function chosenTypes(
  model: Model,
  { type, pure = false, importance }: ModelPlanOptions,
  ruled: (name: string) => boolean,
): ReadonlyMap<ModelTensor, Chosen> {
  if (pure || type === 'keep' || ggmlTypes[targets[type as TargetName].type].blockSize === 1)
    return new Map();
  return chooseTypes(
    model,
    type as TargetName,
    importance !== undefined,
    (tensor) => keptAs(model, tensor) === undefined && !ruled(tensor.name),
  );
}

function byDefault(
  model: Model,
  source: ModelTensor,
  { type, requantize = false, minValues = 1024 }: ModelPlanOptions,
  chosen: ReadonlyMap<ModelTensor, Chosen>,
): Decision {
  if (type === 'keep') return { reason: 'kept: nothing is to be converted' };
  const kept = keptAs(model, source);
  if (kept !== undefined) return { reason: kept };
  if ((elementCount(source.shape) as number) < minValues)
    return { reason: `kept: fewer than ${minValues} values` };
  if (!isFloat(source.type)) {
    const quantized = source.type !== undefined && targetTypes.includes(source.type);
    if (!quantized) return { reason: `kept: ${source.typeName} is not converted` };
    if (!requantize) return { reason: 'kept: quantized already' };
  }
  const all = { type: targets[type as TargetName].type, reason: 'the type asked for' };
  const { type: to, reason } = chosen.get(source) ?? all;
  return fitted(source, to, reason);
}

/** As the tool: none is fine but for what would be garbage without; a wrong one is not, but for the embedding. */
function importanceOf(
  { name, shape }: ModelTensor,
  to: GgmlTypeName,
  { type, importance }: ModelPlanOptions,
): Float32Array | undefined {
  const weights = importance?.get(name);
  const columns = (shape.at(-1) ?? 1) * shape.slice(0, -2).reduce((count, size) => count * size, 1);
  const outer = ['token_embd.weight', 'per_layer_token_embd.weight'].includes(name);
  const fits = weights?.length === columns;
  if (weights !== undefined && !fits && !outer) {
    throw invalid(
      `importance of ${quote(name)} must hold ${columns} weights for shape [${shape}], got ${weights.length}`,
    );
  }
  if (!fits && type === 'Q2_K_S' && to === 'Q2_K' && !outer && name !== 'output.weight') {
    throw invalid(
      `Q2_K_S needs importance: ${quote(name)} would be garbage without; Q2_K can do without`,
    );
  }
  return fits ? weights : undefined;
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
    set({ key: 'general.file_type', type: 'u32', value: targets[type as TargetName].fileType });
  }
  for (const entry of metadata) set(entry);
  return [...entries.values()];
}
