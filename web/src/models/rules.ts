// What llama.cpp's quantize tool takes where rows are not whole blocks.

import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';

/** What llama.cpp's tool takes instead when rows are not whole blocks of a type. */
const narrower: Partial<Record<GgmlTypeName, GgmlTypeName>> = {
  Q2_0: 'Q4_0',
  Q2_K: 'Q4_0',
  Q3_K: 'Q4_0',
  TQ1_0: 'Q4_0',
  TQ2_0: 'Q4_0',
  Q4_K: 'Q5_0',
  Q5_K: 'Q5_1',
  Q6_K: 'Q8_0',
  IQ4_XS: 'IQ4_NL',
};

/** `type` for rows of whole blocks, else the type with smaller blocks, else F16 (where the tool may give up). */
export function fittingType(type: GgmlTypeName, rowLength: number): GgmlTypeName {
  for (const candidate of [type, narrower[type]]) {
    if (candidate && rowLength % ggmlTypes[candidate].blockSize === 0) return candidate;
  }
  return 'F16';
}
