// The types and mixtures that a model can be quantized to, with their numbers in `general.file_type`.

import { type GgmlTargetType, type GgmlTypeName, ggmlTargets } from '../core/ggml-types.js';

/** Mixtures of types with names in llama.cpp's quantize tool, except those that are also names of types. */
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

/**
 * A target of quantization: the type of most tensors, and the number in `general.file_type`, if there is one.
 */
interface Target {
  readonly type: GgmlTypeName;
  readonly fileType: number | undefined;
}

/** Mixtures with the type of most tensors and their numbers. */
const mixed = {
  Q2_K_S: ['Q2_K', 21],
  Q3_K_S: ['Q3_K', 11],
  Q3_K_M: ['Q3_K', 12],
  Q3_K_L: ['Q3_K', 13],
  Q4_K_S: ['Q4_K', 14],
  Q4_K_M: ['Q4_K', 15],
  Q5_K_S: ['Q5_K', 16],
  Q5_K_M: ['Q5_K', 17],
  MXFP4_MOE: ['MXFP4', 38],
} as const satisfies Record<MixtureName, readonly [GgmlTypeName, number]>;

export type TargetName = GgmlTargetType | MixtureName;

/** The types that tensors can be converted to. */
export const targetTypes: readonly GgmlTypeName[] = Object.keys(ggmlTargets) as GgmlTargetType[];

/** The mixtures of types that models can be converted to. */
export const mixtures: readonly MixtureName[] = Object.keys(mixed) as MixtureName[];

export const targets: Readonly<Record<TargetName, Target>> = Object.fromEntries([
  ...Object.entries(ggmlTargets).map(([type, { fileType }]) => [type, { type, fileType }]),
  ...Object.entries(mixed).map(([name, [type, fileType]]) => [name, { type, fileType }]),
]);
