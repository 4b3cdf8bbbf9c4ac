// What becomes of one tensor, and why.

import { invalid } from '../core/arguments.js';
import { FewbitsError } from '../core/errors.js';
import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import { elementCount, quote } from '../io/source.js';
import { type Chosen, chooseTypes } from './mixtures.js';
import type { Model, ModelTensor } from './model.js';
import type { ModelPlanOptions } from './options.js';
import { fittingType, isUntouched } from './rules.js';
import { type TargetName, targets, targetTypes } from './targets.js';

/** A type to convert to, or none to keep the bytes, and why. */
export type Decision = { to?: GgmlTypeName; reason: string };

const rowLength = ({ shape }: ModelTensor) => shape.at(-1) ?? 1;
const isFloat = (type: GgmlTypeName | undefined) =>
  type !== undefined && ['F64', 'F32', 'F16', 'BF16'].includes(type);

/** What a rule makes of a tensor. */
export function byRule(source: ModelTensor, type: GgmlTypeName | 'keep'): Decision {
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
export function chosenTypes(
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

/** What becomes of a tensor that no rule speaks for. */
export function byDefault(
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
