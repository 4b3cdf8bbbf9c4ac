// The page's replacement for `@huggingface/transformers` (see vite.config.ts): the same interface, but with
// the words of the built-in emoji instead of a language model, which would have to be downloaded.

import { emojiEmbedder } from '../embeddings/source.ts';

const DIMS = 384;

interface Options {
  readonly pooling?: 'none' | 'mean';
  readonly normalize?: boolean;
}

/** The part of transformers.js' Tensor that the recipe reads. */
interface Tensor {
  readonly type: 'float32';
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export async function pipeline(task: 'feature-extraction', _model: string) {
  if (task !== 'feature-extraction') throw new RangeError(`no stand-in for ${task}`);
  const embed = await emojiEmbedder();
  return async (texts: string | readonly string[], options: Options = {}): Promise<Tensor> => {
    if (options.pooling !== 'mean') throw new RangeError("the stand-in pools by 'mean' alone");
    const rows = typeof texts === 'string' ? [texts] : texts;
    const data = new Float32Array(rows.length * DIMS);
    rows.forEach((text, row) => {
      // 256 values, then zeros, which do not affect an index.
      const vector = embed(text);
      const norm = options.normalize ? Math.hypot(...vector) : 1;
      data.set(
        vector.map((value) => value / norm),
        row * DIMS,
      );
    });
    return { type: 'float32', dims: [rows.length, DIMS], data };
  };
}
