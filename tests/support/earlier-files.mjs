// Files for the tests of old versions: how each is written and what is read from it. The same recipe wrote
// `tests/golden/before` with an earlier package, and is followed by the current one.

import { createHash } from 'node:crypto';

/** `n` pseudo-random numbers from -1 to 1, the same on every engine. */
function noise(n, seed) {
  let state = seed;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const DIMS = 12;
const ROWS = 68; // more than a block of 64
const METRICS = ['cosine', 'dot', 'l2'];
const BITS = [1, 2, 4, 8];
const KINDS = ['counted', 'numbers', 'strings', 'bigints', 'mixed'];

/** Each metric, width and finer code, and each metric and width with a mean and calibrated. */
function indexCases() {
  const cases = [];
  const add = (metric, bits, refine, learned) => {
    const n = cases.length;
    cases.push({
      name: `${metric}-${bits}${refine ? `-refine${refine}` : ''}${learned ? `-${learned}` : ''}`,
      options: {
        dims: DIMS,
        bits,
        metric,
        ...(refine && { refine }),
        quality: quality(n),
        seed: n,
      },
      learned,
      kind: KINDS[(n + Math.floor(n / 5)) % KINDS.length],
      remove: n % 2 === 1,
      seed: 1000 + n,
    });
  };
  const quality = (n) => (n % 7 === 5 ? 'fast' : 'best');
  for (const metric of METRICS) {
    for (const bits of BITS) {
      for (const refine of [0, 4, 8]) add(metric, bits, refine, '');
      add(metric, bits, bits === 2 ? 4 : 0, 'mean');
      add(metric, bits, bits === 1 ? 8 : 0, 'axes');
    }
  }
  return cases;
}

function idsOf(kind) {
  const makers = {
    numbers: (i) => 3 * i - 50,
    strings: (i) => `page ${i}${i % 9 ? '' : ' ü'}`,
    bigints: (i) => BigInt(i) * 10n ** (i % 2 ? 17n : 3n) - 7n,
    mixed: (i) => [5 * i, `s${i}`, 2n ** 60n + BigInt(i)][i % 3],
  };
  return makers[kind] && Array.from({ length: ROWS }, (_, i) => makers[kind](i));
}

/** Vectors whose variance decreases from dimension to dimension, away from the origin. */
function vectorsOf(n, seed) {
  return noise(n * DIMS, seed).map((x, i) => x / (1 + (i % DIMS) / 4) + ((i % DIMS) % 3) / 8);
}

function writeIndex(fb, { options, learned, kind, remove, seed }) {
  const mean = learned === 'mean' ? { mean: vectorsOf(1, seed + 1) } : {};
  const index = fb.createIndex({ ...options, ...mean });
  if (learned === 'axes') index.calibrate(vectorsOf(200, seed + 2));
  index.add(vectorsOf(ROWS, seed), idsOf(kind));
  if (remove) for (const id of [...index.ids()].filter((_, i) => i % 11 === 4)) index.remove(id);
  const file = index.save();
  index.dispose();
  return file;
}

const rowLength = 256;

function writeTypes(fb, io) {
  const names = Object.keys(fb.ggml.types).filter((name) => name !== 'F32');
  const made = [];
  names.forEach((type, n) => {
    const x = noise(2 * rowLength, n + 1).map((value) => value * value * value);
    const importance = noise(rowLength, 99).map((value) => 1 + value);
    for (const [suffix, options] of [
      ['plain', {}],
      ['weighted', { importance }],
    ]) {
      try {
        const data = fb.ggml.quantize(x, type, { rowLength, ...options });
        made.push({ name: `${type}.${suffix}`, shape: [2, rowLength], type, data });
      } catch (error) {
        if (error.code !== 'INVALID_ARGUMENT' && error.code !== 'UNSUPPORTED') throw error;
      }
    }
  });
  const metadata = [
    { key: 'general.architecture', type: 'string', value: 'none' },
    { key: 'a.list', type: 'array', value: { type: 'int32', values: [1, -2, 3] } },
  ];
  return io.writeGguf(metadata, made);
}

function writeImatrix(io) {
  const tensor = (name, shape, data) => ({ name, type: 'F32', shape, data });
  const sums = noise(rowLength, 7).map((x) => 4 * x * x);
  const metadata = [
    { key: 'general.type', type: 'string', value: 'imatrix' },
    { key: 'imatrix.datasets', type: 'array', value: { type: 'string', values: ['a.txt'] } },
    { key: 'imatrix.chunk_count', type: 'uint32', value: 7 },
    { key: 'imatrix.chunk_size', type: 'uint32', value: 512 },
  ];
  return io.writeGguf(metadata, [
    tensor('blk.0.attn_q.weight.in_sum2', [1, rowLength], sums),
    tensor('blk.0.attn_q.weight.counts', [1, 1], new Float32Array([4])),
  ]);
}

const half = (name, shape, seed, dtype = 'F16') => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { name, shape, dtype, data: noise(size, seed).map((x) => x / 8) };
};

const writeModel = (io) =>
  io.writeSafetensors(
    [
      half('model.embed_tokens.weight', [4, rowLength], 1),
      half('model.layers.0.self_attn.q_proj.weight', [4, rowLength], 2, 'BF16'),
      half('model.layers.0.self_attn.v_proj.weight', [4, rowLength], 3),
      half('model.layers.0.mlp.down_proj.weight', [4, rowLength], 4, 'F32'),
      half('model.layers.0.input_layernorm.weight', [rowLength], 5, 'F32'),
      half('lm_head.weight', [4, rowLength], 6),
    ],
    { format: 'pt' },
  );

const writeLayers = (io) => {
  const tensor = (name, seed) => {
    const data = noise(4 * rowLength, seed).map((x) => x / 8);
    return { name, type: 'F32', shape: [4, rowLength], data };
  };
  const metadata = [
    { key: 'general.architecture', type: 'string', value: 'llama' },
    { key: 'llama.block_count', type: 'uint32', value: 1 },
  ];
  return io.writeGguf(metadata, [
    tensor('blk.0.attn_q.weight', 11),
    tensor('blk.0.ffn_down.weight', 12),
  ]);
};

async function convert({ fb, models }, source, options) {
  const model = await models.openModel(new Blob([source]));
  const plan = models.planModel(model, { minValues: 256, ...options });
  const pieces = [];
  const converter = models.createConverter(fb);
  for await (const piece of models.quantizeModel(model, plan, { converter })) pieces.push(piece);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function writeUniform(fb, io) {
  const files = [];
  for (const scheme of ['symmetric', 'asymmetric', 'affine']) {
    for (const bits of [2, 3, 4, 8]) {
      const scaleType = bits === 3 ? 'f16' : 'f32';
      const x = noise(6 * 33, bits).map((value) => value + 0.25);
      const layout = bits === 8 ? { axis: 1, shape: [6, 33] } : { block: 32 };
      const quantized = fb.uniform.quantize(x, { bits, scheme, scaleType, ...layout });
      files.push(io.uniformToSafetensors(`${scheme}.${bits}`, quantized, [6, 33]));
    }
  }
  const metadata = Object.assign({}, ...files.map((file) => file.metadata));
  return io.writeSafetensors(
    files.flatMap(({ tensors }) => tensors),
    metadata,
  );
}

/** All files by name, written by a package. */
export async function writeFiles(use) {
  const { fb, io } = use;
  const files = {};
  for (const one of indexCases()) files[`${one.name}.index.safetensors`] = writeIndex(fb, one);
  files['types.gguf'] = writeTypes(fb, io);
  files['imatrix.gguf'] = writeImatrix(io);
  files['model.safetensors'] = writeModel(io);
  files['uniform.safetensors'] = writeUniform(fb, io);
  for (const [name, options] of [
    ['model-Q8_0.gguf', { type: 'Q8_0' }],
    ['model-Q4_K_M.gguf', { type: 'Q4_K_M' }],
    ['model-Q5_0-pure.gguf', { type: 'Q5_0', pure: true }],
  ]) {
    files[name] = await convert(use, files['model.safetensors'], options);
  }
  const importance = io.readImatrix(files['imatrix.gguf']).weights;
  files['layers-Q4_K.gguf'] = await convert(use, writeLayers(io), { type: 'Q4_K', importance });
  files['halves.npy'] = io.writeNpy({ data: noise(60, 3), shape: [4, 15], type: 'f16' });
  files['turned.npy'] = io.writeNpy(
    { data: noise(60, 4), shape: [4, 15] },
    { bigEndian: true, fortranOrder: true },
  );
  return files;
}

/**
 * Files that may be written differently today from the same input, as searches have improved: see the tests
 * of calibrate().
 */
export const mayBeWrittenOtherwise = (name) =>
  name.endsWith('.index.safetensors') && /-mean|-axes|^l2/.test(name);

const hash = (view) =>
  createHash('sha256')
    .update(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
    .digest('hex')
    .slice(0, 16);

const digits = (values) => Array.from(values, (x) => Number(x.toPrecision(8)));

const idText = (id) => `${{ number: 'n', string: 's', bigint: 'b' }[typeof id]}${id}`;

function indexAnswers(fb, bytes) {
  const index = fb.openIndex(bytes);
  const queries = vectorsOf(3, 77);
  const found = ({ ids, scores }) => ({ ids: ids.map(idText), scores: digits(scores) });
  const all = [...index.ids()];
  const last = index.reconstruct(all[all.length - 1]);
  const answers = {
    metric: index.metric,
    ids: hash(new TextEncoder().encode(all.map(idText).join('\n'))),
    found: [
      ...index.searchBatch(queries, { k: 4 }).map(found),
      found(
        index.search(queries.subarray(0, DIMS), { k: 3, filter: all.filter((_, i) => i % 5 < 2) }),
      ),
    ],
    last: digits(last.subarray(0, 3)),
  };
  index.dispose();
  return answers;
}

function ggufAnswers(fb, io, bytes) {
  const file = io.readGguf(bytes);
  return file.tensors.map(({ name, type, shape }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const bytes = file.bytes(name);
    const kept = type === 'F32';
    return [name, type, shape, hash(kept ? bytes : fb.ggml.dequantize(bytes, type, length))];
  });
}

/** The contents that a package reads from such a file: exact, except for the scores of an index. */
export function answersOf({ fb, io }, name, bytes) {
  if (name.endsWith('.index.safetensors')) return indexAnswers(fb, bytes);
  if (name.startsWith('imatrix')) {
    return [...io.readImatrix(bytes).weights].map(([tensor, weights]) => [tensor, hash(weights)]);
  }
  if (name.endsWith('.gguf')) return ggufAnswers(fb, io, bytes);
  if (name.endsWith('.npy')) {
    const { data, type, shape } = io.readNpy(bytes);
    return [type, shape, hash(data)];
  }
  const file = io.readSafetensors(bytes);
  if (!name.startsWith('uniform')) {
    return file.tensors.map((tensor) => [tensor.name, hash(file.float32(tensor.name))]);
  }
  return io.uniformNames(file).map((one) => {
    const { quantized, shape } = io.uniformFromSafetensors(file, one);
    return [one, shape, hash(fb.uniform.dequantize(quantized))];
  });
}
