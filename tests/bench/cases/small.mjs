// Calls of few values, in which checking, crossing and allocating take longer than the work.

const DIMS = 64;
const K = 10;

function* searches(fb, { normals, race }, options) {
  const query = normals(DIMS, 1);
  const indexes = [1, 100, 1000].map((rows) => {
    const index = fb.createIndex({ dims: DIMS, bits: 4 });
    index.add(normals(rows * DIMS, 2));
    return [`search of ${rows}`, index];
  });
  const [, [, index]] = indexes;
  const vector = normals(DIMS, 3);
  // Begun anew before it is large.
  let grown = fb.createIndex({ dims: DIMS, bits: 4 });
  const add = () => {
    if (grown.size === 20_000) {
      grown.dispose();
      grown = fb.createIndex({ dims: DIMS, bits: 4 });
    }
    grown.add(vector);
  };
  const ms = race(
    {
      ...Object.fromEntries(
        indexes.map(([name, each]) => [name, () => each.search(query, { k: K })]),
      ),
      'add of one': add,
      'replace of one': () => index.replace(vector, [5]),
      'reconstruct of one': () => index.reconstruct(5),
    },
    options,
  );
  for (const [name, time] of Object.entries(ms)) yield { name: `${name}, ${DIMS} dims`, ms: time };
  for (const [, each] of indexes) each.dispose();
  grown.dispose();
}

function calls(fb, x) {
  const { length: n } = x;
  const int8 = fb.uniform.quantize(x);
  const blocks = fb.uniform.quantize(x, { bits: 4, block: 32 });
  const int4 = fb.int4.quantize(x);
  const f16 = fb.floats.encode(x, 'f16');
  const nf4 = fb.floats.nf4.quantize(x);
  const { data, info } = fb.distributional.quantize(x, { k: 4, beta: 1 });
  const codes = Uint8Array.from(x, (value) => value * 4);
  const packed = fb.bits.pack(codes, 4);
  const layer = fb.linear.create({ weights: new Float32Array(16 * n).fill(0.5), shape: [16, n] });
  const out = new Float32Array(n);
  return {
    'uniform int8': () => fb.uniform.quantize(x),
    'uniform int8 decode': () => fb.uniform.dequantize(int8),
    'uniform int8 decode into out': () => fb.uniform.dequantize(int8, out),
    'uniform blocks of 32': () => fb.uniform.quantize(x, { bits: 4, block: 32 }),
    'uniform blocks of 32 decode': () => fb.uniform.dequantize(blocks),
    int4: () => fb.int4.quantize(x),
    'int4 decode': () => fb.int4.dequantize(int4.values, int4.scale),
    f16: () => fb.floats.encode(x, 'f16'),
    'f16 decode': () => fb.floats.decode(f16, 'f16', n),
    nf4: () => fb.floats.nf4.quantize(x),
    'nf4 decode': () => fb.floats.nf4.dequantize(nf4),
    'distributional 4 bits': () => fb.distributional.quantize(x, { k: 4, beta: 1 }),
    'distributional 4 bits decode': () => fb.distributional.dequantize(data, info),
    'pack 4 bits': () => fb.bits.pack(codes, 4),
    'unpack 4 bits': () => fb.bits.unpack(packed, 4, n),
    'layer of 16 outputs': () => layer.forward(x),
  };
}

/** ggml's blocks have 32 or 256 values. */
function ggmlCalls(fb, x) {
  const alternatives = {};
  for (const type of ['Q4_0', 'Q8_0', 'Q4_K', 'F16']) {
    const blocks = fb.ggml.quantize(x, type);
    alternatives[`ggml ${type}`] = () => fb.ggml.quantize(x, type);
    alternatives[`ggml ${type} decode`] = () => fb.ggml.dequantize(blocks, type, x.length);
  }
  return alternatives;
}

export function* run(fb, measure, { quick }) {
  const options = { rounds: quick ? 3 : 7 };
  yield* searches(fb, measure, options);
  for (const n of [32, 256]) {
    const x = measure.normals(n);
    const alternatives = { ...calls(fb, x), ...(n === 256 && ggmlCalls(fb, x)) };
    const ms = measure.race(alternatives, options);
    for (const [name, time] of Object.entries(ms)) yield { name: `${name}, ${n} values`, ms: time };
  }
}
