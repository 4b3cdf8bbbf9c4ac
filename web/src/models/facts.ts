// Facts about a model for mixtures, besides the names of its tensors: from its metadata or its shapes.

import type { Model } from './model.js';
import { layerOf, nativeName } from './roles.js';

/** Facts about a model that the rules use, besides the names of its tensors. */
export interface Facts {
  readonly architecture: string;
  readonly layers: number;
  readonly experts: number;
  /** Query heads per key and value head. */
  readonly queriesPerKey: number;
  /** Whether llama.cpp's tool counts it as a 70B model, by its layers. */
  readonly is70B: boolean;
}

/** The number of layers of 70B models by architecture; for llama only if heads share keys. */
const layersOf70B: Readonly<Record<string, number>> = {
  qwen2: 80,
  deci: 80,
  olmo: 80,
  jais2: 68,
};

/**
 * Without a known architecture it is taken for llama: only models of that kind have names that are
 * recognized.
 */
function is70B(architecture: string, layers: number, queriesPerKey: number): boolean {
  if (architecture === '' || architecture === 'llama') return layers === 80 && queriesPerKey > 1;
  return Object.hasOwn(layersOf70B, architecture) && layersOf70B[architecture] === layers;
}

/** Determines the facts. */
export function factsOf({ format, metadata, tensors }: Model): Facts {
  const names = tensors.map(({ name }) => nativeName(format, name));
  const layersInNames = names.reduce((most, name) => Math.max(most, layerOf(name) + 1), 0);
  if (format !== 'gguf') {
    const rows = (name: string) => tensors[names.indexOf(name)]?.shape[0];
    const [queries, keys] = [rows('blk.0.attn_q.weight'), rows('blk.0.attn_k.weight')];
    const queriesPerKey = queries && keys ? queries / keys : 1;
    return {
      architecture: '',
      layers: layersInNames,
      experts: 0,
      queriesPerKey,
      is70B: is70B('', layersInNames, queriesPerKey),
    };
  }
  const entries = new Map(metadata.map((entry) => [entry.key, entry]));
  const value = (key: string) => entries.get(key)?.value;
  const architecture = String(value('general.architecture') ?? '');
  const number = (key: string, otherwise: number): number => {
    const found = value(`${architecture}.${key}`);
    // Where layers differ, there is a number for each layer.
    const first =
      typeof found === 'object' && found.type !== 'array' ? found.values[0] : (found as unknown);
    return typeof first === 'number' || typeof first === 'bigint' ? Number(first) : otherwise;
  };
  const heads = number('attention.head_count', 0);
  const keyHeads = number('attention.head_count_kv', heads);
  const layers = number('block_count', layersInNames);
  const queriesPerKey = keyHeads === 0 ? 0 : Math.floor(heads / keyHeads);
  return {
    architecture,
    layers,
    experts: number('expert_count', 0),
    queriesPerKey,
    is70B: is70B(architecture, layers, queriesPerKey),
  };
}
