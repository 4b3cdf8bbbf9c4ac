// Plans of models: the type of each tensor and the layout of the GGUF file, decided without reading any data.

import { FewbitsError } from '../core/errors.js';
import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import { type GgufEntryInput, type GgufPlan, planGguf } from '../io/gguf.js';
import { elementCount, quote } from '../io/source.js';
import { byDefault, byRule, chosenTypes, type Decision, importanceOf } from './decide.js';
import type { Model, ModelTensor } from './model.js';
import { checkPlanOptions, type ModelPlanOptions } from './options.js';
import { type TargetName, targets } from './targets.js';

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
export function planModel(model: Model, planOptions: ModelPlanOptions): ModelPlan {
  const { options, rules } = checkPlanOptions(planOptions);
  const chosen = chosenTypes(model, options, (name) => rules.some((one) => one.pattern.test(name)));
  const tensors: PlannedTensor[] = [];
  for (const source of model.tensors) {
    const rule = rules.find(({ pattern }) => pattern.test(source.name));
    if (rule?.type === 'drop') continue;
    const decision = rule
      ? byRule(source, rule.type as GgmlTypeName | 'keep')
      : byDefault(model, source, options, chosen);
    tensors.push(planned(source, decision, options));
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

function planned(
  source: ModelTensor,
  { to, reason }: Decision,
  options: ModelPlanOptions,
): PlannedTensor {
  const converts = to !== undefined && to !== source.type;
  const importance = converts ? importanceOf(source, to, options) : undefined;
  if (!converts && source.type === undefined && source.typeId === undefined) {
    throw new FewbitsError(
      'UNSUPPORTED',
      `tensor ${quote(source.name)} is ${source.typeName}, which GGUF has no type for; a rule can drop it`,
    );
  }
  return {
    source,
    name: source.name,
    shape: source.shape,
    to: converts ? to : undefined,
    reason,
    byteLength: converts ? convertedBytes(source, to) : source.byteLength,
    importance,
  };
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
