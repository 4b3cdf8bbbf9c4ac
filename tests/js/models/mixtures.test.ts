// Mixtures of types as llama.cpp's quantize tool assigns them: derived by hand from its rules for a
// llama-like model, and compared with the counts of types that llama.cpp prints for published models.

import type { GgufEntryInput } from 'fewbits/io';
import {
  type Model,
  type ModelPlanOptions,
  mixtures,
  planModel,
  targetTypes,
} from 'fewbits/models';
import { describe, expect, it } from 'vitest';

interface Built {
  layers?: number;
  heads?: number;
  keyHeads?: number;
  /** Embedding and output share one tensor. */
  tied?: boolean;
  architecture?: string;
  experts?: number;
  format?: Model['format'];
  row?: number;
}

const gguf: Record<string, string> = {
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  o: 'attn_output',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
};
const transformers: Record<string, string> = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
};

/** A model without data; its tensors are not in order of layers. */
function build(built: Built = {}): Model {
  const { layers = 32, heads = 32, keyHeads = 32, tied = false, format = 'gguf' } = built;
  const { architecture = 'llama', experts, row = 4096 } = built;
  const names: [name: string, rows: number][] = [];
  const [embedding, output] =
    format === 'gguf'
      ? ['token_embd.weight', 'output.weight']
      : ['model.embed_tokens.weight', 'lm_head.weight'];
  for (let layer = 0; layer < layers; layer++) {
    for (const part of Object.keys(gguf)) {
      const rows = 'kv'.includes(part) ? 64 * keyHeads : 64 * heads;
      names.push(
        format === 'gguf'
          ? [`blk.${layer}.${gguf[part]}.weight`, rows]
          : [`model.layers.${layer}.${transformers[part]}.weight`, rows],
      );
    }
  }
  names.sort(([a], [b]) => (a < b ? 1 : -1));
  names.push([embedding, 512]);
  if (!tied) names.push([output, 512]);
  const number = (key: string, value: number): GgufEntryInput => {
    return { key: `${architecture}.${key}`, type: 'uint32', value };
  };
  return {
    format,
    tensors: names.map(([name, rows]) => {
      return { name, shape: [rows, row], typeName: 'F16', type: 'F16', byteLength: 2 * rows * row };
    }),
    metadata:
      format === 'gguf'
        ? [
            { key: 'general.architecture', type: 'string', value: architecture },
            number('block_count', layers),
            number('attention.head_count', heads),
            number('attention.head_count_kv', keyHeads),
            ...(experts ? [number('expert_count', experts)] : []),
          ]
        : [],
    read: async () => new Uint8Array(),
  };
}

const typesOf = (model: Model, type: ModelPlanOptions['type'], more?: Partial<ModelPlanOptions>) =>
  new Map(planModel(model, { type, ...more }).tensors.map(({ name, to }) => [name, to as string]));

function counts(types: ReadonlyMap<string, string>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const type of types.values()) found[type] = (found[type] ?? 0) + 1;
  return found;
}

/** Of 32 layers: the first and last four, and every third from the seventh on. */
const more = [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31];
const all = Array.from({ length: 32 }, (_, i) => i);

/** Exceptions to the common type: for a part of the layers' names, a type and the layers that get it. */
const byHand: [
  type: ModelPlanOptions['type'],
  most: string,
  fileType: number,
  differ: Record<string, [type: string, layers: number[]][]>,
][] = [
  ['Q2_K', 'Q2_K', 10, { v: [['Q3_K', all]], o: [['Q3_K', all]], down: [['Q3_K', all]] }],
  ['Q3_K_S', 'Q3_K', 11, {}],
  [
    'Q3_K_M',
    'Q3_K',
    12,
    {
      v: [
        ['Q5_K', [0, 1]],
        ['Q4_K', all.slice(2)],
      ],
      o: [['Q4_K', all]],
      down: [
        ['Q5_K', [0, 1]],
        ['Q4_K', all.slice(2)],
      ],
    },
  ],
  ['Q3_K_L', 'Q3_K', 13, { v: [['Q5_K', all]], o: [['Q5_K', all]], down: [['Q5_K', all]] }],
  ['Q4_K_S', 'Q4_K', 14, { v: [['Q5_K', [0, 1, 2, 3]]], down: [['Q5_K', [0, 1, 2, 3]]] }],
  ['Q4_K_M', 'Q4_K', 15, { v: [['Q6_K', more]], down: [['Q6_K', more]] }],
  ['Q5_K_S', 'Q5_K', 16, {}],
  ['Q5_K_M', 'Q5_K', 17, { v: [['Q6_K', more]], down: [['Q6_K', more]] }],
  ['Q6_K', 'Q6_K', 18, {}],
  ['IQ4_XS', 'IQ4_XS', 30, { down: [['Q5_K', [0, 1, 2, 3]]] }],
  // A single type here, not the tool's mixture of the same name.
  ['Q3_K', 'Q3_K', 11, {}],
  ['Q4_K', 'Q4_K', 14, {}],
  ['Q5_K', 'Q5_K', 16, {}],
];

describe.each(['gguf', 'safetensors'] as const)('32 layers, names of %s', (format) => {
  it.each(byHand)('%s', (type, most, fileType, differ) => {
    const model = build({ format });
    const names = format === 'gguf' ? gguf : transformers;
    const expected = new Map(model.tensors.map(({ name }) => [name, most]));
    expected.set(format === 'gguf' ? 'output.weight' : 'lm_head.weight', 'Q6_K');
    for (const [part, changes] of Object.entries(differ)) {
      for (const [to, layers] of changes) {
        for (const layer of layers) {
          const prefix = format === 'gguf' ? 'blk' : 'model.layers';
          expected.set(`${prefix}.${layer}.${names[part]}.weight`, to);
        }
      }
    }
    expect(typesOf(model, type)).toEqual(expected);
    const pure = counts(typesOf(model, type, { pure: true }));
    expect(pure).toEqual({ [most]: model.tensors.length });
    const { tensors, gguf: file } = planModel(model, { type });
    expect(tensors.length).toBe(model.tensors.length);
    const header = new TextDecoder('latin1').decode(file.header);
    const at = header.indexOf('general.file_type') + 'general.file_type'.length + 4;
    expect(new DataView(file.header.buffer).getUint32(at, true)).toBe(fileType);
  });
});

describe('the tool’s rules besides', () => {
  it('the counts that llama.cpp prints of known files', () => {
    // Llama 2 7B: 32 layers; Llama 3.2 3B: 28 layers, 8 key heads for 24 heads, a shared embedding and
    // output.
    const large = build();
    expect(counts(typesOf(large, 'Q4_K_M'))).toEqual({ Q4_K: 193, Q6_K: 33 });
    expect(counts(typesOf(large, 'Q5_K_M'))).toEqual({ Q5_K: 193, Q6_K: 33 });
    expect(counts(typesOf(large, 'Q4_K_S'))).toEqual({ Q4_K: 217, Q5_K: 8, Q6_K: 1 });
    const expected = { Q3_K: 129, Q4_K: 92, Q5_K: 4, Q6_K: 1 };
    expect(counts(typesOf(large, 'Q3_K_M'))).toEqual(expected);
    const small = build({ layers: 28, heads: 24, keyHeads: 8, tied: true });
    expect(counts(typesOf(small, 'Q4_K_M'))).toEqual({ Q4_K: 168, Q6_K: 29 });
  });

  it('where many heads share keys and values, these get more bits', () => {
    for (const format of ['gguf', 'safetensors'] as const) {
      const value =
        format === 'gguf' ? 'blk.7.attn_v.weight' : 'model.layers.7.self_attn.v_proj.weight';
      for (const [keyHeads, q2, iq4] of [
        [8, 'Q4_K', 'Q5_K'],
        [16, 'Q3_K', 'IQ4_XS'],
      ] as const) {
        const model = build({ keyHeads, format });
        expect(typesOf(model, 'Q2_K').get(value)).toBe(q2);
        expect(typesOf(model, 'IQ4_XS').get(value)).toBe(iq4);
      }
    }
  });

  it('llama with 80 layers, falcon, eight experts', () => {
    const large = typesOf(build({ layers: 80, heads: 64, keyHeads: 8 }), 'Q4_K_M');
    expect(large.get('blk.10.attn_v.weight')).toBe('Q5_K');
    expect(large.get('blk.9.attn_v.weight')).toBe('Q6_K');
    expect(large.get('blk.11.ffn_down.weight')).toBe('Q4_K');
    const shared = { heads: 64, keyHeads: 8 };
    for (const [architecture, layers, type] of [
      ['qwen2', 80, 'Q5_K'],
      ['deci', 80, 'Q5_K'],
      ['olmo', 80, 'Q5_K'],
      ['jais2', 68, 'Q5_K'],
      ['qwen2vl', 80, 'Q4_K'],
      ['qwen2', 64, 'Q4_K'],
      ['deci', 162, 'Q4_K'],
      ['llama', 80, 'Q5_K'],
    ] as const) {
      const types = typesOf(build({ architecture, layers, ...shared }), 'Q4_K_S');
      expect([architecture, layers, types.get('blk.11.attn_v.weight')]).toEqual([
        architecture,
        layers,
        type,
      ]);
    }
    // Only for llama or an unknown architecture, and only if heads share keys and values.
    for (const [format, name] of [
      ['gguf', 'blk.11.attn_v.weight'],
      ['safetensors', 'model.layers.11.self_attn.v_proj.weight'],
    ] as const) {
      const types = [8, 64].map((keyHeads) =>
        typesOf(build({ format, layers: 80, heads: 64, keyHeads }), 'Q4_K_S').get(name),
      );
      expect(types).toEqual(['Q5_K', 'Q4_K']);
    }
    const falcon = typesOf(build({ architecture: 'falcon' }), 'Q4_K_M');
    expect(falcon.get('output.weight')).toBe('Q8_0');
    expect(falcon.get('blk.1.ffn_down.weight')).toBe('Q6_K');
    expect(falcon.get('blk.2.ffn_down.weight')).toBe('Q5_K');
    expect(falcon.get('blk.4.ffn_down.weight')).toBe('Q4_K');
    const experts = typesOf(build({ experts: 8 }), 'Q4_K_M');
    expect(experts.get('blk.5.attn_v.weight')).toBe('Q8_0');
    expect(experts.get('blk.5.attn_k.weight')).toBe('Q8_0');
    expect(experts.get('blk.5.attn_output.weight')).toBe('Q5_K');
    expect(experts.get('blk.6.ffn_down.weight')).toBe('Q6_K');
  });

  it('with importance Q4_0, Q5_0 and IQ4 choose otherwise; Q2_K_S needs it', () => {
    const model = build();
    const importance = new Map(
      model.tensors.map(({ name }) => [name, new Float32Array(4096).fill(1)] as const),
    );
    const down = (type: ModelPlanOptions['type'], layer: number) =>
      typesOf(model, type, { importance }).get(`blk.${layer}.ffn_down.weight`);
    expect([down('Q4_0', 3), down('Q4_0', 4)]).toEqual(['Q4_1', 'Q4_0']);
    expect([down('Q5_0', 3), down('Q5_0', 4)]).toEqual(['Q5_1', 'Q5_0']);
    expect(down('IQ4_NL', 0)).toBe('IQ4_NL');
    expect(typesOf(model, 'IQ4_NL').get('blk.0.ffn_down.weight')).toBe('Q5_K');
    expect(() => planModel(model, { type: 'Q2_K_S' })).toThrow(/Q2_K_S needs importance: "blk/);
    importance.delete('blk.9.attn_q.weight');
    expect(() => planModel(model, { type: 'Q2_K_S', importance })).toThrow(/blk\.9\.attn_q/);
    importance.set('blk.9.attn_q.weight', new Float32Array(4096));
    importance.delete('token_embd.weight');
    const types = typesOf(model, 'Q2_K_S', { importance });
    expect(counts(types)).toEqual({ Q2_K: 221, Q4_K: 4, Q6_K: 1 });
  });

  it('ternary types keep an embedding of its own at four bits; rows that do not fit get smaller blocks', () => {
    expect(typesOf(build(), 'TQ1_0').get('token_embd.weight')).toBe('Q4_K');
    expect(typesOf(build({ tied: true }), 'TQ1_0').get('token_embd.weight')).toBe('Q6_K');
    const odd = typesOf(build({ row: 4032 }), 'Q4_K_M');
    expect(counts(odd)).toEqual({ Q5_0: 193, Q8_0: 33 });
  });

  it('tensors that a rule speaks for do not count', () => {
    const rules = [{ name: 'blk.0.*', type: 'F16' as const }];
    const types = typesOf(build(), 'Q4_K_S', { rules });
    expect(types.get('blk.4.attn_v.weight')).toBe('Q5_K');
    expect(types.get('blk.5.attn_v.weight')).toBe('Q4_K');
  });

  it('every name has a plan', () => {
    const importance = new Map<string, Float32Array>();
    const model = build({ layers: 1 });
    for (const { name } of model.tensors) importance.set(name, new Float32Array(4096));
    expect(mixtures.length).toBe(9);
    for (const type of [...targetTypes, ...mixtures]) {
      expect(planModel(model, { type, importance }).tensors.length).toBe(9);
    }
  });
});
