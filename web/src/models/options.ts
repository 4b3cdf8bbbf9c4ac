// The options of plans, and their checks.

import { integer, options as known } from '../core/arguments.js';
import type { GgmlTypeName } from '../core/ggml-types.js';
import { describe, invalid } from '../io/checks.js';
import type { GgufEntryInput } from '../io/gguf/write.js';
import { type MixtureName, mixtures, targetTypes } from './targets.js';

/** A rule for the tensors whose names match. */
export interface TensorRule {
  /**
   * A name, in which `*` matches anything, or a pattern. Tensors that models cannot run with quantized
   * (norms, routers, those of one dimension) are matched by their full names only, and take F32, F16, BF16,
   * 'keep' and 'drop'.
   */
  name: string | RegExp;
  /** A type, 'keep' for unchanged and unchecked bytes, or 'drop' to leave the tensor out. */
  type: GgmlTypeName | 'keep' | 'drop';
}

export interface ModelPlanOptions {
  /**
   * The type as in llama.cpp's quantize tool: the type of most tensors, while some get another one by their
   * role and position. With Q3_K, Q4_K and Q5_K this applies to the output tensor only. 'keep' only changes
   * the file's format.
   */
  type: GgmlTypeName | MixtureName | 'keep';
  /**
   * The first rule that matches a tensor applies. A rule without any match is refused, unless
   * `allowUnmatched` is set.
   */
  rules?: readonly TensorRule[] | undefined;
  /** Give all tensors the same type, including the output tensor, which gets Q6_K or Q8_0 otherwise. */
  pure?: boolean | undefined;
  /**
   * Importance weights of columns by tensor name, as `openImatrix` of `fewbits/io` reads them. Tensors that
   * are not in it are converted without. Some mixtures choose other types when it is given.
   */
  importance?: ReadonlyMap<string, Float32Array> | undefined;
  /** Accept rules that match no tensor. Default false. */
  allowUnmatched?: boolean | undefined;
  /**
   * Returns the name of a tensor in the file, given its name in the model. Rules and importance use the
   * latter.
   */
  rename?: ((name: string) => string) | undefined;
  /**
   * Convert tensors that are already quantized, which loses precision twice. Default false: a model with such
   * tensors is refused.
   */
  requantize?: boolean | undefined;
  /** Tensors with fewer values are kept. Default 1024. */
  minValues?: number | undefined;
  /** Metadata to add, or to replace those of the model. */
  metadata?: readonly GgufEntryInput[] | undefined;
  /**
   * The alignment of tensors in bytes: a power of two from 8 to 2^20. Default: the one in the metadata, else
   * 32.
   */
  alignment?: number | undefined;
}

const NAMES: readonly (keyof ModelPlanOptions)[] = [
  'type',
  'rules',
  'pure',
  'allowUnmatched',
  'rename',
  'importance',
  'requantize',
  'minValues',
  'metadata',
  'alignment',
];

/** A checked rule. */
export interface PlanRule {
  readonly name: string | RegExp;
  readonly matches: (name: string) => boolean;
  /** Whether it names a single tensor. */
  readonly exact: boolean;
  readonly type: TensorRule['type'];
}

/** Refuses options that are unknown or of the wrong kind. */
export function checkPlanOptions(given: ModelPlanOptions): {
  options: ModelPlanOptions;
  rules: readonly PlanRule[];
} {
  const options = known<ModelPlanOptions>('options', given, NAMES);
  checkTarget('type', options.type, ['keep', ...mixtures]);
  for (const name of ['pure', 'requantize', 'allowUnmatched'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean')
      throw invalid(`${name} must be true or false, got ${describe(options[name])}`);
  }
  const { importance, rename, minValues = 0 } = options;
  integer('minValues', minValues, 0, Number.MAX_SAFE_INTEGER);
  if (importance !== undefined && typeof importance?.get !== 'function')
    throw invalid(`importance must be a Map of names to weights, got ${describe(importance)}`);
  if (rename !== undefined && typeof rename !== 'function')
    throw invalid(`rename must be a function of a name, got ${describe(rename)}`);
  for (const name of ['rules', 'metadata'] as const) {
    if (options[name] !== undefined && !Array.isArray(options[name]))
      throw invalid(`${name} must be an array, got ${describe(options[name])}`);
  }
  return { options, rules: (options.rules ?? []).map(checkRule) };
}

function checkRule(rule: TensorRule): PlanRule {
  const { name, type } = known<TensorRule>('a rule', rule, ['name', 'type']);
  checkTarget(`the rule for ${describe(name)}`, type, ['keep', 'drop']);
  return {
    name,
    matches: matcherOf(name),
    exact: name === String(name) && !name.includes('*'),
    type,
  };
}

function checkTarget(what: string, type: unknown, words: readonly string[]): void {
  if (words.includes(type as string) || targetTypes.includes(type as GgmlTypeName)) return;
  throw invalid(
    `${what} must be one of ${[...words, ...targetTypes].join(', ')}; got ${describe(type)}`,
  );
}

function matcherOf(given: unknown): (name: string) => boolean {
  if (Object.prototype.toString.call(given) === '[object RegExp]') {
    const { source, flags } = given as RegExp;
    // Without the flags g and y, with which test() would remember its position.
    const pattern = new RegExp(source, flags.replace(/[gy]/g, ''));
    return (name) => pattern.test(name);
  }
  if (typeof given !== 'string')
    throw invalid(`a rule's name must be a string or a RegExp, got ${describe(given)}`);
  const [first = '', ...rest] = given.split('*');
  const last = rest.pop();
  if (last === undefined) return (name) => name === given;
  return (name) => {
    if (!name.startsWith(first)) return false;
    // Each part is matched as early as possible: if there is any match, this finds one.
    let at = first.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return name.length - last.length >= at && name.endsWith(last);
  };
}
