// The types that llama.cpp's quantize tool assigns to the tensors of a model, by their roles and their order.

import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import { type Facts, factsOf } from './facts.js';
import type { Model, ModelTensor } from './model.js';
import { layerOf, nativeName, type Role, roleOf } from './roles.js';
import { type TargetName, targets } from './targets.js';

export interface Chosen {
  readonly type: GgmlTypeName;
  readonly reason: string;
}

/**
 * The types that llama.cpp's quantize tool assigns to the tensors of a model (src/llama-quant.cpp): some get
 * more bits than most, by their role and by how many of that role came before. `Q3_K`, `Q4_K` and `Q5_K`,
 * which the tool treats as their mixtures of medium size, are one type here, except for the output tensor.
 *
 * The tool's rules for types that are not supported here are left out. For safetensors neither architecture
 * nor experts are known.
 *
 * @param converted whether the tool would convert the tensor and no rule applies to it: only those count
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
    if (name === 'MXFP4_MOE') {
      chosen.set(tensor, { type: ofExperts(tensor) ? type : 'Q8_0', reason: `${role} in ${name}` });
      continue;
    }
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

/** Whether a tensor holds the matrices of several experts, in three dimensions. */
const ofExperts = ({ shape }: ModelTensor) => (shape.at(-3) ?? 1) > 1;

function outputType(type: GgmlTypeName, row: number, { architecture }: Facts): GgmlTypeName {
  if (architecture === 'falcon' || row % ggmlTypes[type].blockSize !== 0) return 'Q8_0';
  return type === 'Q8_0' ? type : 'Q6_K';
}

interface Place {
  readonly name: TargetName;
  readonly role: Role;
  /** The number of tensors with this role before this one, and in total. */
  readonly index: number;
  readonly of: number;
  readonly weighted: boolean;
  readonly facts: Facts;
}

const eighth = (of: number) => Math.floor(of / 8);

/** Whether a tensor is in the first or last eighth, or every third in between. */
function deservesMore({ index, of }: Place): boolean {
  return index < eighth(of) || index >= Math.floor((7 * of) / 8) || (index - eighth(of)) % 3 === 2;
}

/** The type of a tensor where it differs from that of most. */
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
  const { experts, is70B } = place.facts;
  if (experts === 8) return 'Q8_0';
  const type = valueTypeOfMost(place);
  // Where eight query heads share a small tensor, more bits for it cost almost nothing.
  const low = ['Q3_K', 'Q4_K'].includes(type ?? targets[place.name].type);
  return is70B && low ? 'Q5_K' : type;
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

const MORE_WITH_EIGHT_EXPERTS: readonly string[] = [
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
  if (facts.experts === 8) return MORE_WITH_EIGHT_EXPERTS.includes(name) ? 'Q5_K' : undefined;
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
