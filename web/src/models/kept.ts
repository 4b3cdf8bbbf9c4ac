// Tensors that are never quantized, as in llama.cpp's quantize tool: by dimensions, and by names in GGUF and
// elsewhere.

import type { Model, ModelTensor } from './model.js';

/**
 * Parts of names in GGUF: norms, routers, small convolutions, positions, and parameters of state space
 * models.
 */
const NATIVE_PARTS = [
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
const NATIVE_NAMES = ['position_embd.weight', 'token_types.weight'];

const escaped = (text: string) => text.replace(/[.]/g, '\\.');
const native = new RegExp(
  [...NATIVE_PARTS.map(escaped), ...NATIVE_NAMES.map((name) => `^${escaped(name)}$`)].join('|'),
);

/** The same tensors under the names of transformers and others, with `.weight` removed. */
const foreign = new RegExp(
  [
    // Norms: input_layernorm, q_norm, LayerNorm, norm1, norm_f, ln_1, ln_f, attn_ln.
    '(?:^|\\.)[^.]*(?:[nN]orm(?!al)|layrnorm)[^.]*$',
    '(?:^|\\.)(?:\\w+_)?ln(?:\\d+|_\\w+)?$',
    // Routers of experts, and the gate of a shared expert.
    '(?:^|\\.)(?:mlp|moe|block_sparse_moe|feed_forward|mixer|ffn|layers\\.\\d+)\\.gate(?:\\.wg)?$',
    '(?:^|\\.)(?:\\w+_)?router(?:\\.(?:layer|gate|proj|classifier|linear))?$',
    '(?:^|\\.)shared_expert_gate$',
    // Positions and token types.
    '(?:^|\\.)(?:wpe|embed_positions|position_ids)$',
    '(?:^|[._])pos(?:ition(?:al)?)?_?emb(?:d|ed(?:s|ding|dings)?)?(?:_\\w+)?$',
    '(?:^|\\.)token_type_embed(?:ding|dings)?$',
    '(?:^|[._])rel(?:ative)?_pos|relative_attention_bias$',
    // Patches of images.
    '(?:^|[._])patch_(?:emb|conv|merger)',
    '(?:^|\\.)sam_model\\.(?:neck\\.|net_)',
    // Small convolutions and parameters of state space models and RWKV.
    '(?:^|[._])conv1d$|(?:^|\\.)conv\\.conv$|(?:^|\\.)(?:A_log|D|dt_bias)$',
    '(?:^|\\.)time_(?:maa|mix|decay|faaaa|first)(?:_\\w+)?$',
    '(?:^|\\.)attention\\.(?:[wavg][012]|k_k|k_a|r_k|x_[rwkvag])$|(?:^|\\.)feed_forward\\.x_k$',
    // Biases, tokens and factors of their own.
    '(?:^|[._])bias(?:es)?$|(?:^|[._])(?:cls|class|mask|register)_(?:token|tokens|embedding)$',
    '(?:^|\\.)(?:inv_freq|logit_scale|layer_scalar|sinks|lambda_[12]|ls_?[12]|gamma)$',
  ].join('|'),
);

/** The number of dimensions as ggml counts them, without outermost sizes of 1. */
export function dimensionsOf(shape: readonly number[]): number {
  const first = shape.findIndex((size) => size > 1);
  return first < 0 ? Math.min(1, shape.length) : shape.length - first;
}

/** The reason why a tensor is never quantized, or undefined. */
export function keptAs({ format }: Pick<Model, 'format'>, tensor: ModelTensor): string | undefined {
  const { name, shape } = tensor;
  const dimensions = dimensionsOf(shape);
  if (dimensions < 2) return 'kept: fewer than two dimensions';
  if (native.test(name)) return 'kept: by its name';
  if (format === 'gguf')
    return name.endsWith('weight') ? undefined : 'kept: its name does not end in weight';
  return foreign.test(name.replace(/\.weight$/, '')) ? 'kept: by its name' : undefined;
}
