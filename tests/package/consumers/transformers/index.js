// A stand-in for the feature-extraction pipeline of @huggingface/transformers 4, without a model: each word
// has a direction of its own. It accepts the options of the real one, and no others.

const DIMS = 384;

class Tensor {
  constructor(type, data, dims) {
    Object.assign(this, { type, data, dims, size: data.length });
  }

  tolist() {
    const columns = this.dims[1];
    return Array.from({ length: this.dims[0] }, (_, row) =>
      Array.from(this.data.subarray(row * columns, (row + 1) * columns)),
    );
  }
}

function addWord(word, vector) {
  let state = 2166136261;
  for (const letter of word) state = Math.imul(state ^ letter.codePointAt(0), 16777619);
  for (let i = 0; i < DIMS; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    vector[i] += state / 2 ** 31 - 1;
  }
}

function signs({ data, dims }, precision) {
  const bytes = new Uint8Array(data.length / 8);
  data.forEach((value, i) => {
    if (value > 0) bytes[i >> 3] |= 128 >> (i & 7);
  });
  const shape = [dims[0], dims[1] / 8];
  if (precision === 'ubinary') return new Tensor('uint8', bytes, shape);
  return new Tensor(
    'int8',
    Int8Array.from(bytes, (byte) => byte - 128),
    shape,
  );
}

export async function pipeline(task, model) {
  if (task !== 'feature-extraction') throw new Error(`Unsupported pipeline: ${task}`);
  if (!/^[\w-]+\/[\w.-]+$/.test(model)) throw new Error(`not a name of a model: ${model}`);
  return async (texts, { pooling, normalize = false, quantize = false, precision, ...rest }) => {
    if (pooling !== 'mean') throw new Error(`three dimensions with pooling '${pooling}'`);
    if (Object.keys(rest).length > 0) throw new Error(`not an option: ${Object.keys(rest)}`);
    const rows = typeof texts === 'string' ? [texts] : texts;
    const data = new Float32Array(rows.length * DIMS);
    rows.forEach((text, row) => {
      const vector = data.subarray(row * DIMS, (row + 1) * DIMS);
      for (const word of text.toLowerCase().match(/\w+/g)) addWord(word, vector);
      const norm = normalize ? Math.hypot(...vector) : 1;
      for (let i = 0; i < DIMS; i++) vector[i] /= norm;
    });
    const tensor = new Tensor('float32', data, [rows.length, DIMS]);
    return quantize ? signs(tensor, precision) : tensor;
  };
}
