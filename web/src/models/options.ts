// The options of plans, and their checks.

import { integer, options as known } from '../core/arguments.js';
import type { GgmlTypeName } from '../core/ggml-types.js';
import type { GgufEntryInput } from '../io/gguf.js';
import { describe, invalid } from '../io/source.js';
import { type MixtureName, mixtures, targetTypes } from './targets.js';

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
  rules?: readonly TensorRule[] | undefined;
  /** Give all tensors the same type, the output tensor too, which has Q6_K or Q8_0 otherwise. */
  pure?: boolean | undefined;
  /**
   * Weights of the columns of tensors by name, as `openImatrix` of `fewbits/io` reads them. Tensors that are not in it
   * are converted without. Some mixtures choose other types where there is one.
   */
  importance?: ReadonlyMap<string, Float32Array> | undefined;
  /** Convert tensors that are quantized already, which loses more than once. Default false: they are kept. */
  requantize?: boolean | undefined;
  /** Tensors of fewer values are kept. Default 1024. */
  minValues?: number | undefined;
  /** Metadata to add or to put in the place of what the model has. */
  metadata?: readonly GgufEntryInput[] | undefined;
  /** Where tensors begin, in bytes: a power of two from 8 to 2^20. Default what the metadata say, else 32. */
  alignment?: number | undefined;
}

const names: readonly (keyof ModelPlanOptions)[] = [
  'type',
  'rules',
  'pure',
  'importance',
  'requantize',
  'minValues',
  'metadata',
  'alignment',
];

/** A rule whose names are a pattern. */
export interface PlanRule {
  readonly pattern: RegExp;
  readonly type: TensorRule['type'];
}

/** Refuses options that are unknown or of the wrong kind. */
export function checkPlanOptions(given: ModelPlanOptions): {
  options: ModelPlanOptions;
  rules: readonly PlanRule[];
} {
  const options = known<ModelPlanOptions>('options', given, names);
  checkTarget('type', options.type, ['keep', ...mixtures]);
  for (const name of ['pure', 'requantize'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean')
      throw invalid(`${name} must be true or false, got ${describe(options[name])}`);
  }
  const { importance, minValues = 0 } = options;
  integer('minValues', minValues, 0, Number.MAX_SAFE_INTEGER);
  if (importance !== undefined && typeof importance?.get !== 'function')
    throw invalid(`importance must be a Map of names to weights, got ${describe(importance)}`);
  for (const name of ['rules', 'metadata'] as const) {
    if (options[name] !== undefined && !Array.isArray(options[name]))
      throw invalid(`${name} must be an array, got ${describe(options[name])}`);
  }
  return { options, rules: (options.rules ?? []).map(checkRule) };
}

function checkRule(rule: TensorRule): PlanRule {
  const { name, type } = known<TensorRule>('a rule', rule, ['name', 'type']);
  checkTarget(`the rule for ${describe(name)}`, type, ['keep', 'drop']);
  return { pattern: patternOf(name), type };
}

function checkTarget(what: string, type: unknown, words: readonly string[]): void {
  if (words.includes(type as string) || targetTypes.includes(type as GgmlTypeName)) return;
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
