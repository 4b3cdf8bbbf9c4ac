import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import type { Model, ModelTensor } from './model.js';

/** Mixtures of types that llama.cpp's quantize tool has names for, where no type has that name already. */
export type MixtureName =
  | 'Q2_K_S'
  | 'Q3_K_S'
  | 'Q3_K_M'
  | 'Q3_K_L'
  | 'Q4_K_S'
  | 'Q4_K_M'
  | 'Q5_K_S'
  | 'Q5_K_M';

/** What a model can be quantized to: a type for most tensors, and the number in `general.file_type`. */
interface Target {
  readonly type: GgmlTypeName;
  readonly fileType: number;
}

const target = (type: GgmlTypeName, fileType: number): Target => ({ type, fileType });

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
  MXFP4: target('MXFP4', 38),
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
} as const satisfies Partial<Record<GgmlTypeName | MixtureName, Target>>;

export type TargetName = keyof typeof targets;

const targetNames = Object.keys(targets) as TargetName[];
const isType = (name: TargetName): name is TargetName & GgmlTypeName =>
  Object.hasOwn(ggmlTypes, name);

/** The types that tensors can be converted to. */
export const targetTypes: readonly GgmlTypeName[] = targetNames.filter(isType);

/** The mixtures of types that models can be converted to besides. */
export const mixtures = targetNames.filter((name) => !isType(name)) as readonly MixtureName[];

/** What a tensor does, as far as mixtures ask. */
type Role = 'output' | 'embedding' | 'value' | 'key' | 'attention output' | 'down' | 'other';

/** The first part of a name in GGUF that fits tells the role. The keys and values of one tensor count as values. */
const roles: readonly (readonly [part: string, role: Role])[] = [
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

function roleOf(name: string): Role {
  if (name === 'output.weight') return 'output';
  if (name === 'token_embd.weight' || name === 'per_layer_token_embd.weight') return 'embedding';
  return roles.find(([part]) => name.includes(part))?.[1] ?? 'other';
}

/** Names of transformers' decoder-only models, where they leave no doubt. */
const transformersLayer =
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

/** The name that a tensor has in a GGUF file made by llama.cpp. */
function nativeName(format: Model['format'], name: string): string {
  if (format === 'gguf') return name;
  if (/^(?:(?:model|language_model)\.)*embed_tokens\.weight$/.test(name))
    return 'token_embd.weight';
  if (/^(?:language_model\.)?lm_head\.weight$/.test(name)) return 'output.weight';
  const [, layer, part = ''] = transformersLayer.exec(name) ?? [];
  const known = Object.hasOwn(transformersNames, part) ? transformersNames[part] : undefined;
  return known === undefined ? name : `blk.${layer}.${known}.weight`;
}

const layerOf = (name: string) => Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? -1);

/** What the rules ask of a model besides the names of its tensors. */
interface Facts {
  readonly architecture: string;
  readonly layers: number;
  readonly experts: number;
  /** Heads of queries that share one of keys and values. */
  readonly queriesPerKey: number;
}

function factsOf({ format, metadata, tensors }: Model): Facts {
  const names = tensors.map(({ name }) => nativeName(format, name));
  const layersInNames = names.reduce((most, name) => Math.max(most, layerOf(name) + 1), 0);
  if (format !== 'gguf') {
    const rows = (name: string) => tensors[names.indexOf(name)]?.shape[0];
    const [queries, keys] = [rows('blk.0.attn_q.weight'), rows('blk.0.attn_k.weight')];
    const queriesPerKey = queries && keys ? queries / keys : 1;
    return { architecture: '', layers: layersInNames, experts: 0, queriesPerKey };
  }
  const entries = new Map(metadata.map((entry) => [entry.key, entry]));
  const value = (key: string) => entries.get(key)?.value;
  const architecture = String(value('general.architecture') ?? '');
  const number = (key: string, otherwise: number): number => {
    const found = value(`${architecture}.${key}`);
    // Where layers differ, there is a number for each.
    const first =
      typeof found === 'object' && found.type !== 'array' ? found.values[0] : (found as unknown);
    return typeof first === 'number' || typeof first === 'bigint' ? Number(first) : otherwise;
  };
  const heads = number('attention.head_count', 0);
  const keyHeads = number('attention.head_count_kv', heads);
  return {
    architecture,
    layers: number('block_count', layersInNames),
    experts: number('expert_count', 0),
    queriesPerKey: keyHeads === 0 ? 0 : Math.floor(heads / keyHeads),
  };
}

export interface Chosen {
  readonly type: GgmlTypeName;
  readonly reason: string;
}

/**
 * The types that llama.cpp's quantize tool gives the tensors of a model (src/llama-quant.cpp): some get more bits than
 * most, by their role and by how many of that role came before. `Q3_K`, `Q4_K` and `Q5_K`, which the tool takes for
 * their mixtures of medium size, are the one type here, but for the output tensor.
 *
 * Left out are the tool's rules for types that are not made here, and its rule for models of 70 billion parameters
 * other than llama's. Of safetensors neither architecture nor experts are known.
 *
 * @param converted whether the tool would convert the tensor and no rule speaks for it: those count
 */
export function chooseTypes(
  model: Model,
  name: TargetName,
  weighted: boolean,
  converted: (tensor: ModelTensor) => boolean,
): ReadonlyMap<ModelTensor, Chosen> {
  const named = model.tensors.map((tensor) => {
    const native = nativeName(model.format, tensor.name);
    return { tensor, native, role: roleOf(native), layer: layerOf(native) };
  });
  const facts = factsOf(model);
  const tied = !named.some(({ role }) => role === 'output');
  const values = named.filter(({ role }) => role === 'value').length;
  const { type } = targets[name];
  const plain = name === 'Q3_K' || name === 'Q4_K' || name === 'Q5_K';
  let valuesBefore = 0;
  let downBefore = 0;
  const chosen = new Map<ModelTensor, Chosen>();
  // The order of the tool, layer by layer.
  named.sort((a, b) => a.layer - b.layer || (a.native < b.native ? -1 : 1));
  for (const { tensor, role, layer } of named) {
    if (!converted(tensor)) continue;
    if (role === 'output' || (tied && role === 'embedding')) {
      const row = tensor.shape.at(-1) ?? 1;
      chosen.set(tensor, { type: outputType(type, row, facts), reason: 'the output tensor' });
      continue;
    }
    const index = role === 'value' ? valuesBefore++ : facts.experts > 1 ? layer : downBefore;
    if (role === 'down') downBefore++;
    const of = role === 'value' ? values : facts.layers;
    const other = plain ? undefined : mixedType({ name, role, index, of, weighted, facts });
    chosen.set(
      tensor,
      other === undefined || other === type
        ? { type, reason: 'the type asked for' }
        : { type: other, reason: `${role} in ${name}` },
    );
  }
  return chosen;
}

function outputType(type: GgmlTypeName, row: number, { architecture }: Facts): GgmlTypeName {
  if (architecture === 'falcon' || row % ggmlTypes[type].blockSize !== 0) return 'Q8_0';
  return type === 'Q8_0' ? type : 'Q6_K';
}

interface Place {
  readonly name: TargetName;
  readonly role: Role;
  /** How many of this role came before, of how many. */
  readonly index: number;
  readonly of: number;
  readonly weighted: boolean;
  readonly facts: Facts;
}

const eighth = (of: number) => Math.floor(of / 8);

/** The first and last eighth, and every third in between. */
function deservesMore({ index, of }: Place): boolean {
  return index < eighth(of) || index >= Math.floor((7 * of) / 8) || (index - eighth(of)) % 3 === 2;
}

/** The type of a tensor that is not that of most. */
function mixedType(place: Place): GgmlTypeName | undefined {
  switch (place.role) {
    case 'embedding':
      return ['TQ1_0', 'TQ2_0', 'Q2_0'].includes(place.name) ? 'Q4_K' : undefined;
    case 'value':
      return valueType(place);
    case 'key':
      return place.facts.experts === 8 ? 'Q8_0' : undefined;
    case 'down':
      return downType(place);
    case 'attention output':
      return attentionOutputType(place);
    default:
      return undefined;
  }
}

function valueType(place: Place): GgmlTypeName | undefined {
  const { architecture, layers, experts, queriesPerKey } = place.facts;
  if (experts === 8) return 'Q8_0';
  const type = valueTypeOfMost(place);
  // Where eight heads share a small tensor, more bits for it cost next to nothing.
  const large = architecture === 'llama' && layers === 80 && queriesPerKey > 1;
  const low = ['Q3_K', 'Q4_K'].includes(type ?? targets[place.name].type);
  return large && low ? 'Q5_K' : type;
}

function valueTypeOfMost(place: Place): GgmlTypeName | undefined {
  const shared = place.facts.queriesPerKey >= 4;
  switch (place.name) {
    case 'Q2_K':
      return shared ? 'Q4_K' : 'Q3_K';
    case 'Q2_K_S':
      return shared ? 'Q4_K' : undefined;
    case 'Q3_K_M':
      return place.index < 2 ? 'Q5_K' : 'Q4_K';
    case 'Q3_K_L':
      return 'Q5_K';
    case 'IQ4_NL':
    case 'IQ4_XS':
      return shared ? 'Q5_K' : undefined;
    case 'Q4_K_M':
    case 'Q5_K_M':
      return deservesMore(place) ? 'Q6_K' : undefined;
    case 'Q4_K_S':
      return place.index < 4 ? 'Q5_K' : undefined;
    default:
      return undefined;
  }
}

function downType(place: Place): GgmlTypeName | undefined {
  const { name, index, of, weighted } = place;
  const falcon = place.facts.architecture === 'falcon';
  const early = index < eighth(of);
  const veryEarly = index < Math.floor(of / 16);
  const more = deservesMore(place);
  switch (name) {
    case 'Q2_K':
      return 'Q3_K';
    case 'Q2_K_S':
      return early ? 'Q4_K' : undefined;
    case 'Q3_K_M':
      if (veryEarly) return 'Q5_K';
      return !falcon || more ? 'Q4_K' : undefined;
    case 'Q3_K_L':
      return falcon ? 'Q4_K' : 'Q5_K';
    case 'Q4_K_M':
      if (!falcon) return more ? 'Q6_K' : undefined;
      if (veryEarly) return 'Q6_K';
      return more ? 'Q5_K' : undefined;
    case 'IQ4_NL':
    case 'IQ4_XS':
      return early && !weighted ? 'Q5_K' : undefined;
    case 'Q5_K_M':
      return more ? 'Q6_K' : undefined;
    case 'Q4_K_S':
      return early && !falcon ? 'Q5_K' : undefined;
    case 'Q4_0':
      return early && weighted ? 'Q4_1' : undefined;
    case 'Q5_0':
      return early && weighted ? 'Q5_1' : undefined;
    default:
      return undefined;
  }
}

const moreWithEightExperts: readonly string[] = [
  'Q2_K',
  'Q3_K_S',
  'Q3_K_M',
  'IQ4_NL',
  'IQ4_XS',
  'Q4_K_S',
  'Q4_K_M',
];

function attentionOutputType({ name, facts }: Place): GgmlTypeName | undefined {
  if (facts.architecture === 'falcon') return name === 'Q3_K_L' ? 'Q4_K' : undefined;
  if (facts.experts === 8) return moreWithEightExperts.includes(name) ? 'Q5_K' : undefined;
  switch (name) {
    case 'Q2_K':
      return 'Q3_K';
    case 'Q3_K_M':
      return 'Q4_K';
    case 'Q3_K_L':
      return 'Q5_K';
    default:
      return undefined;
  }
}
