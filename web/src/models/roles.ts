// The roles of tensors by their names, in GGUF and in transformers.

import type { Model } from './model.js';

/** The role of a tensor, as far as mixtures use it. */
export type Role = 'output' | 'embedding' | 'value' | 'key' | 'attention output' | 'down' | 'other';

/** The first part that a GGUF name contains gives the role. Keys and values in one tensor count as values. */
const ROLES: readonly (readonly [part: string, role: Role])[] = [
  ['attn_qkv.weight', 'value'],
  ['attn_kv_b.weight', 'value'],
  ['attn_v.weight', 'value'],
  ['attn_k.weight', 'key'],
  ['attn_q.weight', 'other'],
  ['attn_output.weight', 'attention output'],
  ['ffn_up', 'other'],
  ['ffn_gate', 'other'],
  ['ffn_down', 'down'],
];

export function roleOf(name: string): Role {
  if (name === 'output.weight') return 'output';
  if (name === 'token_embd.weight' || name === 'per_layer_token_embd.weight') return 'embedding';
  return ROLES.find(([part]) => name.includes(part))?.[1] ?? 'other';
}

/** Names of transformers' decoder-only models, where they are unambiguous. */
const TRANSFORMERS_LAYER =
  /^(?:(?:model|language_model)\.)*layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)\.weight$/;
const transformersNames: Readonly<Record<string, string>> = {
  q_proj: 'attn_q',
  k_proj: 'attn_k',
  v_proj: 'attn_v',
  qkv_proj: 'attn_qkv',
  o_proj: 'attn_output',
  gate_proj: 'ffn_gate',
  up_proj: 'ffn_up',
  down_proj: 'ffn_down',
};

/** The name of a tensor in a GGUF file written by llama.cpp. */
export function nativeName(format: Model['format'], name: string): string {
  if (format === 'gguf') return name;
  if (/^(?:(?:model|language_model)\.)*embed_tokens\.weight$/.test(name))
    return 'token_embd.weight';
  if (/^(?:language_model\.)?lm_head\.weight$/.test(name)) return 'output.weight';
  const [, layer, part = ''] = TRANSFORMERS_LAYER.exec(name) ?? [];
  const known = Object.hasOwn(transformersNames, part) ? transformersNames[part] : undefined;
  return known === undefined ? name : `blk.${layer}.${known}.weight`;
}

/** The layer that a tensor belongs to, by its name in GGUF; -1 for none. */
export const layerOf = (name: string) => Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? -1);
