// Plans of models: the type of each tensor and the layout of the GGUF file, decided without reading data.

import { FewbitsError } from '../core/errors.js';
import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import { describe, elementCount, invalid, quote } from '../io/checks.js';
import { type GgufEntryInput, type GgufPlan, planGguf } from '../io/gguf/write.js';
import { refuseQuantized } from './checkpoints.js';
import { type Decision, decide, importanceOf } from './decide.js';
import { keptAs } from './kept.js';
import { type Chosen, chooseTypes } from './mixtures.js';
import type { Model, ModelTensor } from './model.js';
import { checkPlanOptions, type ModelPlanOptions, type PlanRule } from './options.js';
import { type TargetName, targets } from './targets.js';

/** The plan for a tensor, with its reason. */
export interface PlannedTensor {
  readonly source: ModelTensor;
  /** Its name in the file. */
  readonly name: string;
  /** The shape in the file: with more than four dimensions, the outermost ones are merged. */
  readonly shape: readonly number[];
  /** The type to convert to; undefined if the bytes are kept. */
  readonly to: GgmlTypeName | undefined;
  readonly reason: string;
  readonly byteLength: number;
  /** The importance of its columns, or of the columns of each of its matrices, if any. */
  readonly importance: Float32Array | undefined;
  /** A rule keeps the bytes unchecked: otherwise NaN and infinities are refused. */
  readonly unchecked: boolean;
}

export interface ModelPlan {
  readonly tensors: readonly PlannedTensor[];
  readonly gguf: GgufPlan;
  /** Bytes of the file. */
  readonly byteLength: number;
  /** Warnings to show before the file is written. */
  readonly warnings: readonly string[];
}

const QUANTIZATION_VERSION = 2;

/** The limits of ggml: bytes of a name without its terminator, and dimensions. */
const LONGEST_NAME = 63;
const MOST_DIMENSIONS = 4;

/**
 * Decides the type of each tensor and lays out the GGUF file, without reading data.
 *
 * Kept are: tensors that a rule keeps; tensors of one dimension, not counting outermost sizes of 1; small
 * ones; those that llama.cpp's quantize tool leaves alone by name (for GGUF also all whose names do not end
 * in `weight`), under the names of transformers too; integers. All others get the given type, or the one from
 * the mixture of that name, or the type with smaller blocks that the tool falls back to when rows are not
 * whole blocks, or F16. For safetensors, the names of transformers' decoder-only models are recognized. 8-bit
 * floats are multiplied by their scales. All metadata are kept except `general.file_type`,
 * `general.quantization_version` and the keys of split files.
 *
 * A tensor of more than four dimensions is not quantized; its shape is recorded under
 * `comfy.gguf.orig_shape.NAME`.
 *
 * @throws FewbitsError INVALID_ARGUMENT for types that cannot be written, for rules that match nothing, for
 *   tensors that are already quantized, for importance of another length than the tensor's, and for a tensor
 *   of Q2_K_S in Q2_K without any; UNSUPPORTED for tensors that GGUF has no type for, and for checkpoints
 *   that other tools quantized
 */
export function planModel(model: Model, options: ModelPlanOptions): ModelPlan {
  const steps = planSteps(model, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Milliseconds for which the thread may be blocked before other tasks run. */
const TURN_MS = 20;

/**
 * Plans like `planModel`, but lets other tasks of the thread run in between: for models with very many
 * tensors.
 *
 * @throws the signal's reason when it is aborted, and the errors of `planModel`
 */
export async function planModelAsync(
  model: Model,
  { signal, ...options }: ModelPlanOptions & { signal?: AbortSignal | undefined },
): Promise<ModelPlan> {
  const steps = planSteps(model, options);
  for (let started = performance.now(); ; ) {
    signal?.throwIfAborted();
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - started < TURN_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    started = performance.now();
  }
}

const STEP_TENSORS = 1000;

function* planSteps(model: Model, planOptions: ModelPlanOptions): Generator<void, ModelPlan, void> {
  const { options, rules } = checkPlanOptions(planOptions);
  refuseQuantized(model);
  yield;
  const ruleOf = assignRules(model, rules, options);
  yield;
  const chosen = chosenTypes(model, options, ruleOf);
  const notes: GgufEntryInput[] = [];
  const tensors: PlannedTensor[] = [];
  for (const [i, source] of model.tensors.entries()) {
    if (i % STEP_TENSORS === 0) yield;
    const rule = ruleOf.get(source);
    if (rule?.type === 'drop') continue;
    const decision = decide(model, source, rule, options, chosen);
    const tensor = planned(source, decision, options);
    tensors.push(tensor);
    if (source.shape.length > MOST_DIMENSIONS) notes.push(shapeNote(tensor));
  }
  yield;
  const gguf = planGguf(
    plannedMetadata(model, tensors, options, notes),
    tensors.map(({ name, shape, to, source, byteLength }) => {
      return { name, shape, type: to ?? source.type ?? (source.typeId as number), byteLength };
    }),
    { alignment: options.alignment, longNames: true },
  );
  return { tensors, gguf, byteLength: gguf.byteLength, warnings: warningsOf(tensors, options) };
}

/** Assigns to each tensor the first rule that matches. */
function assignRules(
  { tensors }: Model,
  rules: readonly PlanRule[],
  { allowUnmatched = false }: ModelPlanOptions,
): ReadonlyMap<ModelTensor, PlanRule> {
  const found = new Map<ModelTensor, PlanRule>();
  const matched = new Set<PlanRule>();
  for (const tensor of rules.length > 0 ? tensors : []) {
    for (const rule of rules) {
      if (!rule.matches(tensor.name)) continue;
      matched.add(rule);
      if (!found.has(tensor)) found.set(tensor, rule);
    }
  }
  const without = rules.find((rule) => !matched.has(rule));
  if (without !== undefined && !allowUnmatched) {
    const { name } = without;
    const similar = tensors.find(
      (tensor) => typeof name === 'string' && tensor.name.includes(name),
    );
    const hint = similar
      ? `; * stands for anything: "*${name}*" would match ${quote(similar.name)}`
      : '';
    throw invalid(
      `the rule for ${describe(name)} matches no tensor${hint}; allowUnmatched (--allow-unmatched) takes such rules`,
    );
  }
  return found;
}

/** The types of a mixture; empty if all tensors get the same type. */
function chosenTypes(
  model: Model,
  { type, pure = false, importance }: ModelPlanOptions,
  ruleOf: ReadonlyMap<ModelTensor, PlanRule>,
): ReadonlyMap<ModelTensor, Chosen> {
  if (type === 'keep') return new Map();
  const { blockSize } = ggmlTypes[targets[type as TargetName].type];
  if (pure || blockSize === 1) return new Map();
  return chooseTypes(
    model,
    type as TargetName,
    importance !== undefined,
    (tensor) => !ruleOf.has(tensor) && keptAs(model, tensor) === undefined,
  );
}

function planned(
  source: ModelTensor,
  { to, reason, unchecked = false }: Decision,
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
    name: nameOf(source, options),
    shape: shapeOf(source),
    to: converts ? to : undefined,
    reason,
    byteLength: converts ? convertedBytes(source, to) : source.byteLength,
    importance,
    unchecked,
  };
}

function nameOf({ name }: ModelTensor, { rename }: ModelPlanOptions): string {
  if (rename === undefined) return name;
  const renamed: unknown = rename(name);
  if (typeof renamed === 'string') return renamed;
  throw invalid(`rename must give a string, for ${quote(name)} it gave ${describe(renamed)}`);
}

/**
 * The shape with the outermost dimensions merged, where there are more than ggml allows: the order of bytes
 * is the same.
 */
function shapeOf({ shape }: ModelTensor): readonly number[] {
  const surplus = shape.length - MOST_DIMENSIONS;
  if (surplus <= 0) return shape;
  const outer = shape.slice(0, surplus + 1).reduce((count, size) => count * size, 1);
  return [outer, ...shape.slice(surplus + 1)];
}

/** The key under which ComfyUI's GGUF loader looks for the original shape of a tensor. */
function shapeNote({ name, source }: PlannedTensor): GgufEntryInput {
  const value = { type: 'int32' as const, values: Int32Array.from(source.shape) };
  return { key: `comfy.gguf.orig_shape.${name}`, type: 'array', value };
}

/** Whether a name is too long; UTF-8 takes one to three bytes per UTF-16 unit. */
const isLong = (name: string): boolean =>
  name.length > LONGEST_NAME / 3 && new TextEncoder().encode(name).length > LONGEST_NAME;

function warningsOf(
  tensors: readonly PlannedTensor[],
  { importance }: ModelPlanOptions,
): readonly string[] {
  const warnings: string[] = [];
  const [long, ...more] = tensors.filter(({ name }) => isLong(name));
  if (long !== undefined) {
    const which = `the name ${quote(long.name)}${more.length > 0 ? `, and ${more.length} more,` : ''}`;
    const why = `longer than the ${LONGEST_NAME} bytes that llama.cpp reads`;
    warnings.push(`${which} is ${why}; rename (--rename) can shorten it`);
  }
  if (importance !== undefined && tensors.every((tensor) => tensor.importance === undefined))
    warnings.push('importance has the name of no tensor that is converted: all go without');
  return warnings;
}

function convertedBytes({ shape }: ModelTensor, to: GgmlTypeName): number {
  const { blockSize, bytesPerBlock } = ggmlTypes[to];
  return ((elementCount(shape) as number) / blockSize) * bytesPerBlock;
}

/** Whether no tensor changes or has the planned type: then the old label of the file stays correct. */
function isUnchanged(tensors: readonly PlannedTensor[], type: GgmlTypeName): boolean {
  return tensors.every(({ to, source }) => to === undefined && source.type !== type);
}

function plannedMetadata(
  model: Model,
  tensors: readonly PlannedTensor[],
  { type, metadata = [] }: ModelPlanOptions,
  notes: readonly GgufEntryInput[],
): GgufEntryInput[] {
  const entries = new Map(model.metadata.map((entry) => [entry.key, entry]));
  const set = (entry: GgufEntryInput) => entries.set(entry.key, entry);
  if (type !== 'keep') {
    set({ key: 'general.quantization_version', type: 'uint32', value: QUANTIZATION_VERSION });
    const { fileType, type: most } = targets[type as TargetName];
    const label = 'general.file_type';
    // A type that llama.cpp has no number for: without one it derives the label from the tensors.
    if (fileType === undefined) entries.delete(label);
    else if (!entries.has(label) || !isUnchanged(tensors, most))
      set({ key: label, type: 'uint32', value: fileType });
  }
  for (const entry of [...notes, ...metadata]) set(entry);
  return [...entries.values()];
}
