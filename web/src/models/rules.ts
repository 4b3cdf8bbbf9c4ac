// The fallback of llama.cpp's quantize tool where rows are not whole blocks.

import { type GgmlTarget, type GgmlTypeName, ggmlTargets, ggmlTypes } from '../core/ggml-types.js';

/**
 * `type` if rows are whole blocks, else the type with smaller blocks, else F16 (where the tool may give up).
 */
export function fittingType(type: GgmlTypeName, rowLength: number): GgmlTypeName {
  const target = (ggmlTargets as Partial<Record<GgmlTypeName, GgmlTarget>>)[type];
  for (const candidate of [type, target?.narrower]) {
    if (candidate && rowLength % ggmlTypes[candidate].blockSize === 0) return candidate;
  }
  return 'F16';
}
