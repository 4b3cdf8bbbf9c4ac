// A small model with random weights, for trying the page.

import { encodeBF16, type SafetensorsInput, writeSafetensors } from 'fewbits/io';

const HIDDEN = 256;
/** Not a multiple of 256: some rows are not whole blocks of the K types. */
const INNER = 672;
const WORDS = 1024;

/** Numbers in (0, 1), the same on every machine (xorshift, Marsaglia 2003). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
}

/** A transformer of two layers, its weights drawn from Student's t with four degrees of freedom (Bailey, 1994). */
export function exampleModel(): Uint8Array<ArrayBuffer> {
  const random = generator(2463534242);
  const tensors: SafetensorsInput[] = [];
  const add = (name: string, shape: number[], value: () => number) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = encodeBF16(Float32Array.from({ length }, value));
    tensors.push({ name, shape, dtype: 'BF16', data });
  };
  const weight = () => 0.04 * Math.sqrt(random() ** -0.5 - 1) * Math.cos(2 * Math.PI * random());
  const near1 = () => 1 + 0.1 * (random() - 0.5);

  add('model.embed_tokens.weight', [WORDS, HIDDEN], weight);
  for (const layer of [0, 1]) {
    const at = `model.layers.${layer}`;
    add(`${at}.input_layernorm.weight`, [HIDDEN], near1);
    for (const name of ['q_proj', 'k_proj', 'v_proj', 'o_proj']) {
      add(`${at}.self_attn.${name}.weight`, [HIDDEN, HIDDEN], weight);
    }
    add(`${at}.mlp.gate_proj.weight`, [INNER, HIDDEN], weight);
    add(`${at}.mlp.up_proj.weight`, [INNER, HIDDEN], weight);
    add(`${at}.mlp.down_proj.weight`, [HIDDEN, INNER], weight);
  }
  add('model.norm.weight', [HIDDEN], near1);
  return writeSafetensors(tensors);
}
