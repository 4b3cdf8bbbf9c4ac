// What mixtures ask of a model besides the names of its tensors, from its metadata or its shapes.

import type { Model } from './model.js';
import { layerOf, nativeName } from './roles.js';

/** What the rules ask of a model besides the names of its tensors. */
export interface Facts {
  readonly architecture: string;
  readonly layers: number;
  readonly experts: number;
  /** Heads of queries that share one of keys and values. */
  readonly queriesPerKey: number;
  /** What the tool calls a model of 70B, by its layers. */
  readonly is70B: boolean;
}

/** Layers of the models of each architecture that count as 70B; of llama those only whose heads share keys. */
const layersOf70B: Readonly<Record<string, number>> = {
  qwen2: 80,
  deci: 80,
  olmo: 80,
  jais2: 68,
};

/** Where the architecture is not known, it is one of llama's kind: others do not have the names that are understood. */
function is70B(architecture: string, layers: number, queriesPerKey: number): boolean {
  if (architecture === '' || architecture === 'llama') return layers === 80 && queriesPerKey > 1;
  return Object.hasOwn(layersOf70B, architecture) && layersOf70B[architecture] === layers;
}

/** Finds the facts. */
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
    // Where layers differ, there is a number for each.
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
