// What llama.cpp's quantize tool leaves alone by name, and what it takes where rows are not whole blocks.

import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';

/**
 * Tensors that llama.cpp's quantize tool leaves alone whatever their shape: norms, gates, positions, small
 * convolutions and projections. Each is a part of the name.
 */
const untouched = [
  '_norm.weight',
  'ffn_gate_inp.weight',
  'ffn_gate_tid2eid.weight',
  'attn_rel_b.weight',
  'ssm_conv1d',
  'shortconv.conv.weight',
  'altup',
  'laurel',
  'per_layer_model_proj',
  'indexer.k_proj.weight',
  'indexer.q_proj.weight',
  'time_mix_first.weight',
  'time_mix_w0.weight',
  'time_mix_w1.weight',
  'time_mix_w2.weight',
  'time_mix_v0.weight',
  'time_mix_v1.weight',
  'time_mix_v2.weight',
  'time_mix_a0.weight',
  'time_mix_a1.weight',
  'time_mix_a2.weight',
  'time_mix_g1.weight',
  'time_mix_g2.weight',
  'time_mix_decay_w1.weight',
  'time_mix_decay_w2.weight',
  'time_mix_lerp_fused.weight',
  '.position_embd',
  '.rel_pos',
  '.patch_embd',
  '.patch_merger',
  'sam.pos_embd',
  'sam.neck.',
  'sam.net_',
  'a.rvq.codebook',
  'mm.a.code_embd',
];
const untouchedNames = ['position_embd.weight', 'token_types.weight'];

export function isUntouched(name: string): boolean {
  return untouchedNames.includes(name) || untouched.some((part) => name.includes(part));
}

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
