// Tensors that are never quantized: names as llama.cpp, transformers and others use them, dimensions as ggml
// counts them.

import { writeGguf, writeSafetensors } from 'fewbits/io';
import { openModel, planModel } from 'fewbits/models';
import { describe, expect, it } from 'vitest';

type Shapes = Record<string, readonly number[]>;
const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

async function typesOf(
  format: 'gguf' | 'safetensors',
  shapes: Shapes,
  rules?: { name: string; type: 'Q8_0' }[],
) {
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    return { name, shape, data: new Float32Array(count(shape)) };
  });
  const file =
    format === 'gguf'
      ? writeGguf(
          [],
          tensors.map((tensor) => ({ ...tensor, type: 'F32' as const })),
        )
      : writeSafetensors(tensors);
  const plan = planModel(await openModel(file), { type: 'Q4_0', pure: true, rules });
  return new Map(plan.tensors.map(({ name, to }) => [name, to]));
}

const matrix = [64, 256];

describe('names in GGUF', () => {
  const kept = [
    'blk.0.attn_q_norm.weight',
    'blk.0.ffn_gate_inp.weight',
    'blk.0.ffn_gate_tid2eid.weight',
    'blk.0.attn_rel_b.weight',
    'blk.0.ssm_conv1d.weight',
    'blk.0.ssm_conv1d_q.weight',
    'blk.0.shortconv.conv.weight',
    'altup_proj.weight',
    'blk.0.laurel_l.weight',
    'per_layer_model_proj.weight',
    'blk.0.indexer.k_proj.weight',
    'blk.0.time_mix_first.weight',
    'blk.0.time_mix_w1.weight',
    'blk.0.time_mix_decay_w2.weight',
    'blk.0.time_mix_lerp_fused.weight',
    'position_embd.weight',
    'v.position_embd.weight',
    'token_types.weight',
    'v.patch_embd.weight',
    'mm.patch_merger.weight',
    'v.blk.0.attn.rel_pos_h',
    'v.sam.neck.0.weight',
    'blk.0.ssm_a',
    'blk.0.attn_q.bias',
  ];
  const quantized = [
    'blk.0.attn_q.weight',
    'blk.0.ffn_gate.weight',
    'blk.0.ffn_gate_shexp.weight',
    'blk.0.time_mix_key.weight',
    'blk.0.time_mix_gate.weight',
    'blk.0.ssm_in.weight',
    'token_embd.weight',
    'output.weight',
    'cls.weight',
  ];

  it('are kept and quantized as by its tool', async () => {
    const names = [...kept, ...quantized];
    const types = await typesOf('gguf', Object.fromEntries(names.map((name) => [name, matrix])));
    expect(names.filter((name) => types.get(name) === undefined)).toEqual(kept);
  });
});

describe('names elsewhere', () => {
  const kept = [
    // norms with two dimensions
    'model.layers.0.self_attn.q_norm.weight',
    'model.layers.0.self_attn.k_layernorm.weight',
    'model.layers.0.input_layernorm.weight',
    'bert.encoder.layer.0.output.LayerNorm.weight',
    'vision_model.pre_layrnorm.weight',
    'transformer.h.0.ln_1.weight',
    'rwkv.blocks.0.ln1.weight',
    'transformer.blocks.0.attn.q_ln.weight',
    'transformer.norm_f.weight',
    'layers.0.rms_norm_2.weight',
    // routers
    'model.layers.0.mlp.gate.weight',
    'model.layers.0.block_sparse_moe.gate.weight',
    'model.layers.0.feed_forward.router.weight',
    'model.layers.0.block_sparse_moe.router.layer.weight',
    'model.layers.0.block_sparse_moe.primary_router.weight',
    'model.layers.0.mlp.gate.wg.weight',
    'model.layers.0.mlp.router.classifier.weight',
    'layers.0.gate.weight',
    'backbone.layers.0.mixer.gate.weight',
    // positions and token types
    'transformer.wpe.weight',
    'wpe.weight',
    'bert.embeddings.position_embeddings.weight',
    'vision_model.embeddings.position_embedding.weight',
    'model.decoder.embed_positions.weight',
    'visual.pos_embed.weight',
    'vision_model.positional_embedding_vlm',
    'vit.pos_embed',
    'bert.embeddings.token_type_embeddings.weight',
    'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight',
    'image_encoder.blocks.0.attn.rel_pos_h',
    // patches
    'visual.patch_embed.proj.weight',
    'vision_model.embeddings.patch_embedding.weight',
    'vision_tower.patch_conv.weight',
    'multi_modal_projector.patch_merger.merging_layer.weight',
    // state spaces, short convolutions, RWKV
    'backbone.layers.0.mixer.conv1d.weight',
    'model.layers.0.self_attn.q_conv1d.weight',
    'model.layers.0.conv.conv.weight',
    'backbone.layers.0.mixer.A_log',
    'model.layers.0.mamba.D',
    'model.layers.0.mamba.dt_bias',
    'rwkv.blocks.0.attention.time_maa_w1',
    'rwkv.blocks.0.attention.time_decay_w2',
    'rwkv.blocks.0.attention.time_faaaa',
    'rwkv.blocks.0.attention.time_mix_key',
    'model.layers.0.attention.w1',
    'model.layers.0.attention.g2',
    'model.layers.0.attention.r_k',
    'model.layers.0.altup.prediction_coefs.weight',
    'model.layers.0.laurel.linear_left.weight',
    'model.per_layer_model_projection.weight',
    // biases and tokens
    'model.layers.0.mlp.experts.gate_up_proj_bias',
    'model.layers.0.self_attn.q_proj.bias',
    'vit.cls_token',
    'model.layers.0.self_attn.sinks',
  ];
  const quantized = [
    'model.embed_tokens.weight',
    'lm_head.weight',
    'model.layers.0.self_attn.q_proj.weight',
    'model.layers.0.mlp.gate_proj.weight',
    'model.layers.0.mlp.experts.gate_up_proj',
    'model.layers.0.mlp.experts.3.down_proj.weight',
    'model.layers.0.mlp.shared_expert.gate_proj.weight',
    'model.layers.0.block_sparse_moe.experts.0.w1.weight',
    'model.layers.0.self_attn.gate.weight',
    'transformer.h.0.attn.c_attn.weight',
    'transformer.wte.weight',
    'backbone.layers.0.mixer.in_proj.weight',
    'backbone.layers.0.mixer.dt_proj.weight',
    'rwkv.blocks.0.attention.gate.weight',
    'rwkv.blocks.0.feed_forward.key.weight',
    'double_blocks.0.img_mod.lin.weight',
    'transformer_blocks.0.norm1.linear.weight',
    'bert.embeddings.word_embeddings.weight',
    'encoder.block.0.layer.0.SelfAttention.q.weight',
    'composition.weight',
    'w',
  ];

  it('are kept as what they are called in GGUF', async () => {
    const names = [...kept, ...quantized];
    const shapes = Object.fromEntries(names.map((name) => [name, matrix]));
    const types = await typesOf('safetensors', shapes);
    expect(names.filter((name) => types.get(name) === undefined)).toEqual(kept);
  });
});

describe('dimensions', () => {
  it.each(['gguf', 'safetensors'] as const)('outermost sizes of 1 are none: %s', async (format) => {
    const types = await typesOf(format, {
      'a.weight': [1, 4096],
      'b.weight': [1, 1, 4096],
      'c.weight': [4096],
      'd.weight': [1, 16, 256],
      'e.weight': [16, 1, 256],
      'f.weight': [16, 256],
    });
    expect([...types.values()]).toEqual([undefined, undefined, undefined, 'Q4_0', 'Q4_0', 'Q4_0']);
  });
});

describe('rules', () => {
  const shapes = {
    'blk.0.attn_norm.weight': [256],
    'blk.0.attn_q_norm.weight': matrix,
    'blk.0.ffn_gate_inp.weight': matrix,
    'blk.0.attn_q.weight': matrix,
    'blk.0.attn_q.bias': [256],
  };

  it.each(['*', '*attn*', 'blk.*.weight', 'blk.*.ffn_*.weight'])(
    '%s does not reach them',
    async (name) => {
      const types = await typesOf('gguf', shapes, [{ name, type: 'Q8_0' }]);
      types.delete('blk.0.attn_q.weight');
      expect([...types.values()]).toEqual([undefined, undefined, undefined, undefined]);
    },
  );

  it('that name one are refused, but for floats', async () => {
    const name = 'blk.0.attn_q_norm.weight';
    await expect(typesOf('gguf', shapes, [{ name, type: 'Q8_0' }])).rejects.toThrow(
      /cannot make it Q8_0: models cannot run with it quantized \(kept: by its name\)/,
    );
    const data = new Float32Array(64 * 256);
    const model = await openModel(writeGguf([], [{ name, shape: matrix, type: 'F32', data }]));
    const plan = planModel(model, { type: 'Q8_0', rules: [{ name, type: 'BF16' }] });
    expect(plan.tensors[0]?.to).toBe('BF16');
  });
});
