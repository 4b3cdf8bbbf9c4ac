// The decision about each tensor, with its reason.

import { FewbitsError } from '../core/errors.js';
import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import { elementCount, invalid, quote } from '../io/checks.js';
import { keptAs } from './kept.js';
import type { Chosen } from './mixtures.js';
import type { Model, ModelTensor } from './model.js';
import type { ModelPlanOptions, PlanRule } from './options.js';
import { fittingType } from './rules.js';
import { isFloat8 } from './scales.js';
import { type TargetName, targets, targetTypes } from './targets.js';

/** The type to convert to, or none to keep the bytes, and the reason. */
export interface Decision {
  readonly to?: GgmlTypeName;
  readonly reason: string;
  /** The bytes are kept without a check. */
  readonly unchecked?: boolean;
}

const isFloat = (tensor: ModelTensor) =>
  isFloat8(tensor) || ['F64', 'F32', 'F16', 'BF16'].includes(tensor.type ?? '');
const isPlainNumber = (type: GgmlTypeName) => ggmlTypes[type].blockSize === 1;
const isInteger = ({ type }: ModelTensor) => ['I8', 'I16', 'I32', 'I64'].includes(type ?? '');

/** Decides about a tensor: by its rule, otherwise by its properties. */
export function decide(
  model: Model,
  source: ModelTensor,
  rule: PlanRule | undefined,
  options: ModelPlanOptions,
  chosen: ReadonlyMap<ModelTensor, Chosen>,
): Decision {
  const decision = rule
    ? byRule(model, source, rule, options)
    : byDefault(model, source, options, chosen);
  return decision.to === undefined && isFloat8(source) ? widened(source, decision) : decision;
}

/** GGUF has no 8-bit floats: they are converted to a type that holds them with their scales without loss. */
function widened({ scale }: ModelTensor, { reason }: Decision): Decision {
  return { to: scale === undefined ? 'BF16' : 'F32', reason: `${reason}, in a type that GGUF has` };
}

/** Decides by a rule. It does not apply to tensors that are never quantized, unless it names one exactly. */
function byRule(
  model: Model,
  source: ModelTensor,
  { type, exact }: PlanRule,
  { requantize = false }: ModelPlanOptions,
): Decision {
  if (type === 'keep' || type === 'drop') return { reason: 'kept by a rule', unchecked: true };
  const kept = keptAs(model, source);
  if (kept !== undefined && !isPlainNumber(type)) {
    if (!exact) return { reason: kept };
    throw invalid(
      `the rule for ${quote(source.name)} cannot make it ${type}: models cannot run with it quantized ` +
        `(${kept}); F32, F16, BF16, keep and drop are possible`,
    );
  }
  if (kept !== undefined && !exact && type !== 'F32') return { reason: kept };
  checkConvertible(source, type, requantize);
  return fitted(source, type, 'a rule');
}

/** Decides about a tensor without a rule. */
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
  if (isInteger(source)) return { reason: `kept: ${source.typeName} is not converted` };
  const all = { type: targets[type as TargetName].type, reason: 'the type asked for' };
  const { type: to, reason } = chosen.get(source) ?? all;
  if (source.shape.length > 4 && !isPlainNumber(to))
    return { reason: 'kept: more than four dimensions' };
  // A type that safetensors has and GGUF lacks is reported later, with what can be done.
  if (source.type === undefined && source.typeId === undefined && !isFloat8(source))
    return { reason: `kept: ${source.typeName} is not converted` };
  const decision = fitted(source, to, reason);
  if (decision.to !== source.type) checkConvertible(source, to, requantize);
  return decision;
}

function fitted(source: ModelTensor, type: GgmlTypeName, why: string): Decision {
  const row = source.shape.at(-1) ?? 1;
  const to = fittingType(type, row);
  if (to === type) return { to, reason: why };
  return { to, reason: `${why}, but rows of ${row} are not whole blocks of ${type}` };
}

/**
 * Refuses tensors that are quantized already, as llama.cpp's tool does: converting them loses precision
 * twice, and keeping their types would make the name of the file wrong.
 */
function checkConvertible(tensor: ModelTensor, to: GgmlTypeName, requantize: boolean): void {
  const { name, type, typeName } = tensor;
  if (isFloat(tensor) || type === to) return;
  const readable = type !== undefined && targetTypes.includes(type);
  if (!readable) {
    throw new FewbitsError(
      'UNSUPPORTED',
      `tensor ${quote(name)} is ${typeName}, which cannot be converted to ${to}; a rule can keep it`,
    );
  }
  if (!requantize) {
    throw invalid(
      `tensor ${quote(name)} is ${typeName} already: give the model that it was made of, keep it by a rule, ` +
        `or make it ${to} nevertheless, which loses twice, with requantize (--requantize)`,
    );
  }
}

/**
 * The importance of a tensor, as in llama.cpp's tool: it is optional except for types that would give garbage
 * without it, and must have the right length except for embeddings.
 */
export function importanceOf(
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
