// Checkpoints quantized by other tools: refused with the name of their format, whichever type is requested.

import { writeSafetensors } from 'fewbits/io';
import { openModel, planModel } from 'fewbits/models';
import { expect, it } from 'vitest';

type Tensors = Record<string, readonly [dtype: string, ...shape: number[]]>;

const bytesPerValue: Record<string, number> = {
  I8: 1,
  U8: 1,
  I16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  F8_E4M3: 1,
};

function fileOf(tensors: Tensors) {
  return writeSafetensors(
    Object.entries(tensors).map(([name, [dtype, ...shape]]) => {
      const size = shape.reduce((product, one) => product * one, bytesPerValue[dtype] as number);
      return { name, dtype: dtype as 'F32', shape, data: new Uint8Array(size) };
    }),
  );
}

const p = 'model.layers.0.mlp.up_proj';
const plain: Tensors = { 'model.embed_tokens.weight': ['BF16', 64, 256] };
const checkpoints: [format: string, tensors: Tensors][] = [
  [
    'GPTQ',
    {
      [`${p}.qweight`]: ['I32', 32, 512],
      [`${p}.qzeros`]: ['I32', 2, 64],
      [`${p}.scales`]: ['F16', 2, 512],
      [`${p}.g_idx`]: ['I32', 256],
    },
  ],
  [
    'AWQ',
    {
      [`${p}.qweight`]: ['I32', 256, 64],
      [`${p}.qzeros`]: ['I32', 2, 64],
      [`${p}.scales`]: ['F16', 2, 512],
    },
  ],
  ['GPTQ or AWQ', { [`${p}.qweight`]: ['I32', 32, 512], [`${p}.scales`]: ['F16', 2, 512] }],
  [
    'compressed-tensors (packed)',
    {
      [`${p}.weight_packed`]: ['I32', 512, 32],
      [`${p}.weight_scale`]: ['BF16', 512, 2],
      [`${p}.weight_shape`]: ['I64', 2],
    },
  ],
  [
    'compressed-tensors or torchao (int8)',
    { [`${p}.weight`]: ['I8', 512, 256], [`${p}.weight_scale`]: ['BF16', 512, 1] },
  ],
  [
    'ModelOpt (NVFP4)',
    {
      [`${p}.weight`]: ['U8', 512, 128],
      [`${p}.weight_scale`]: ['F8_E4M3', 512, 16],
      [`${p}.weight_scale_2`]: ['F32'],
    },
  ],
  ['torchao', { [`${p}._weight_qdata`]: ['I8', 512, 256], [`${p}._weight_scale`]: ['F32', 512] }],
  [
    'bitsandbytes (4 bits)',
    {
      [`${p}.weight`]: ['U8', 65536, 1],
      [`${p}.weight.absmax`]: ['U8', 2048],
      [`${p}.weight.quant_state.bitsandbytes__nf4`]: ['U8', 100],
    },
  ],
  // Stored as bfloat16; a type that GGUF does not have is left out.
  [
    'bitsandbytes (4 bits)',
    {
      [`${p}.weight`]: ['BF16', 32768, 1],
      [`${p}.weight.quant_state.bitsandbytes__nf4`]: ['U8', 100],
    },
  ],
  [
    'bitsandbytes (4 bits)',
    { [`${p}.weight`]: ['BF16', 32768, 1], [`${p}.weight.absmax`]: ['F32', 2048] },
  ],
  ['bitsandbytes (8 bits)', { [`${p}.weight`]: ['I8', 512, 256], [`${p}.SCB`]: ['F32', 512] }],
  [
    'MLX',
    {
      [`${p}.weight`]: ['U32', 512, 32],
      [`${p}.scales`]: ['BF16', 512, 4],
      [`${p}.biases`]: ['BF16', 512, 4],
    },
  ],
  ['HQQ', { [`${p}.W_q`]: ['U8', 256, 256] }],
  ['EXL2', { [`${p}.q_weight`]: ['I32', 32, 512], [`${p}.q_scale`]: ['I32', 4, 64] }],
  ['Quanto', { [`${p}.weight._data`]: ['I8', 512, 256], [`${p}.weight._scale`]: ['BF16', 512, 1] }],
  [
    'AQLM',
    {
      [`${p}.codes`]: ['I16', 64, 32, 1],
      [`${p}.codebooks`]: ['F16', 1, 256, 1, 8],
      [`${p}.scales`]: ['F16', 64, 1, 1, 1],
    },
  ],
  [
    'MXFP4 of gpt-oss',
    {
      'model.layers.0.mlp.experts.down_proj_blocks': ['U8', 4, 64, 8, 16],
      'model.layers.0.mlp.experts.down_proj_scales': ['U8', 4, 64, 8],
    },
  ],
];

it.each(checkpoints)('%s', async (format, tensors) => {
  const model = await openModel(fileOf({ ...plain, ...tensors }));
  for (const type of ['Q4_K_M', 'F16', 'keep'] as const) {
    const rules = model.tensors
      .filter(({ typeName }) => typeName === 'U8' || typeName === 'U32')
      .map(({ name }) => ({ name, type: 'drop' as const }));
    for (const given of [[], rules]) {
      expect(() => planModel(model, { type, rules: given })).toThrow(
        expect.objectContaining({
          code: 'UNSUPPORTED',
          message: expect.stringContaining(`quantized already, as ${format} (`),
        }),
      );
    }
  }
});

it('a model of floats that has like names is none of them', async () => {
  const model = await openModel(
    fileOf({
      ...plain,
      [`${p}.weight`]: ['F16', 512, 256],
      [`${p}.scales`]: ['F16', 512],
      'layer_scale.weight': ['F32', 256],
      'unet.down_blocks': ['F32', 4, 256],
      'text.weight_scale': ['F32', 1],
    }),
  );
  expect(planModel(model, { type: 'Q8_0' }).tensors.length).toBe(6);
});
