// What a model can be quantized to: types and mixtures of types, with their numbers in `general.file_type`.

import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';

/** Mixtures of types that llama.cpp's quantize tool has names for, where no type has that name already. */
export type MixtureName =
  | 'Q2_K_S'
  | 'Q3_K_S'
  | 'Q3_K_M'
  | 'Q3_K_L'
  | 'Q4_K_S'
  | 'Q4_K_M'
  | 'Q5_K_S'
  | 'Q5_K_M'
  | 'MXFP4_MOE';

/** What a model can be quantized to: a type for most tensors, and the number in `general.file_type`, if there is one. */
interface Target {
  readonly type: GgmlTypeName;
  readonly fileType: number | undefined;
}

const target = (type: GgmlTypeName, fileType?: number): Target => ({ type, fileType });

export const targets = {
  F32: target('F32', 0),
  F16: target('F16', 1),
  Q4_0: target('Q4_0', 2),
  Q4_1: target('Q4_1', 3),
  Q8_0: target('Q8_0', 7),
  Q5_0: target('Q5_0', 8),
  Q5_1: target('Q5_1', 9),
  Q2_K: target('Q2_K', 10),
  Q3_K: target('Q3_K', 11),
  Q4_K: target('Q4_K', 14),
  Q5_K: target('Q5_K', 16),
  Q6_K: target('Q6_K', 18),
  IQ4_NL: target('IQ4_NL', 25),
  IQ4_XS: target('IQ4_XS', 30),
  BF16: target('BF16', 32),
  TQ1_0: target('TQ1_0', 36),
  TQ2_0: target('TQ2_0', 37),
  MXFP4: target('MXFP4'),
  NVFP4: target('NVFP4', 39),
  Q1_0: target('Q1_0', 40),
  Q2_0: target('Q2_0', 41),
  Q2_K_S: target('Q2_K', 21),
  Q3_K_S: target('Q3_K', 11),
  Q3_K_M: target('Q3_K', 12),
  Q3_K_L: target('Q3_K', 13),
  Q4_K_S: target('Q4_K', 14),
  Q4_K_M: target('Q4_K', 15),
  Q5_K_S: target('Q5_K', 16),
  Q5_K_M: target('Q5_K', 17),
  MXFP4_MOE: target('MXFP4', 38),
} as const satisfies Partial<Record<GgmlTypeName | MixtureName, Target>>;

export type TargetName = keyof typeof targets;

const targetNames = Object.keys(targets) as TargetName[];
const isType = (name: TargetName): name is TargetName & GgmlTypeName =>
  Object.hasOwn(ggmlTypes, name);

/** The types that tensors can be converted to. */
export const targetTypes: readonly GgmlTypeName[] = targetNames.filter(isType);

/** The mixtures of types that models can be converted to besides. */
export const mixtures = targetNames.filter((name) => !isType(name)) as readonly MixtureName[];
