// Vectors with their labels: the built-in emoji, or those of a file.

import { type Fewbits, load, type VectorIndex } from 'fewbits';
import { words } from '../../shared/words.ts';
import { open, type Values } from '../compress/source.ts';

/** Vectors to search: of norm 1, one after another, each with its own label. */
export interface Vectors {
  readonly name: string;
  readonly dims: number;
  readonly labels: readonly string[];
  readonly x: Float32Array;
  /** Embeds a text, if there is a way to do so. */
  readonly embed: ((text: string) => Float32Array) | null;
}

const MAX_BYTES = 2 ** 30;
const SLICE = 2 ** 20;

export type Progress = (fraction: number, text: string) => Promise<void>;

const fetched = async (address: URL): Promise<ArrayBuffer> => {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address.pathname}: ${response.status}`);
  return response.arrayBuffer();
};

let terms: Promise<VectorIndex> | null = null;

/** The words of the built-in set, each with its vector. */
function openTerms(fb: Fewbits): Promise<VectorIndex> {
  terms ??= fetched(new URL('../../../build/emoji/terms.safetensors', import.meta.url)).then(
    (file) => fb.openIndex(file),
  );
  return terms;
}

/** Creates a function that embeds a text like the built-in set: as the sum of the vectors of its words. */
export async function emojiEmbedder(): Promise<(text: string) => Float32Array> {
  const index = await openTerms(await load());
  return (text) => {
    const vector = new Float32Array(index.dims);
    const known = words(text).filter((word) => index.has(word));
    if (known.length === 0) {
      throw new RangeError(`no emoji has a word of “${text}” among its keywords`);
    }
    for (const word of known) {
      index.reconstruct(word).forEach((value, i) => {
        vector[i] += value;
      });
    }
    return vector;
  };
}

/** The emoji; their vectors are decoded from their 8-bit index. */
export async function emojiVectors(): Promise<Vectors> {
  const fb = await load();
  const embed = await emojiEmbedder();
  const file = await fetched(new URL('../../../build/emoji/items.safetensors', import.meta.url));
  const index = fb.openIndex(file);
  try {
    const labels = [...index.ids()].map(String);
    const x = new Float32Array(labels.length * index.dims);
    labels.forEach((label, row) => {
      x.set(index.reconstruct(label), row * index.dims);
    });
    normalize(x, index.dims);
    return { name: 'emoji', dims: index.dims, labels, x, embed };
  } finally {
    index.dispose();
  }
}

/** Scales each vector to norm 1; zeros stay unchanged. */
function normalize(x: Float32Array, dims: number): void {
  for (let start = 0; start < x.length; start += dims) {
    let square = 0;
    for (let i = start; i < start + dims; i++) square += x[i] * x[i];
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let i = start; i < start + dims; i++) x[i] *= scale;
  }
}

/** Reads the lines of a text, or the strings of a JSON array; repeated labels get their row number added. */
async function readLabels(file: File, rows: number): Promise<string[]> {
  const text = await file.text();
  let labels: string[];
  if (/\.json$/i.test(file.name)) {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) throw new RangeError(`${file.name} holds no JSON array`);
    labels = parsed.map((label) => (typeof label === 'string' ? label : JSON.stringify(label)));
  } else {
    labels = text.replace(/\r?\n$/, '').split(/\r?\n/);
  }
  if (labels.length !== rows) {
    throw new RangeError(`${file.name} holds ${labels.length} labels for ${rows} vectors`);
  }
  const seen = new Set<string>();
  return labels.map((label, row) => {
    let unique = label;
    while (seen.has(unique)) unique = `${unique} (${row})`;
    seen.add(unique);
    return unique;
  });
}

/** The largest matrix of a file, whose rows are vectors. */
function matrix(all: readonly Values[]): Values {
  const candidates = all.filter(({ shape, length }) => shape.length === 2 && length > 0);
  if (candidates.length === 0) {
    throw new RangeError('this file holds no array of two dimensions: vectors by values');
  }
  return candidates.reduce((best, one) => (one.length > best.length ? one : best));
}

export async function fileVectors(
  file: File,
  labelsFile: File | null,
  progress: Progress,
): Promise<Vectors> {
  if (!/\.(npy|safetensors)$/i.test(file.name)) {
    throw new RangeError(`${file.name} is neither a .npy nor a .safetensors file`);
  }
  const values = matrix(await open(file));
  const [rows, dims] = values.shape;
  if (values.order === 'F') {
    throw new RangeError('this array is in Fortran order; save it with numpy.ascontiguousarray');
  }
  if (4 * values.length > MAX_BYTES) {
    throw new RangeError('more than 1 GB of float32 is too much for the exact search of this page');
  }
  const labels = labelsFile
    ? await readLabels(labelsFile, rows)
    : Array.from({ length: rows }, (_, row) => `row ${row}`);
  const x = new Float32Array(values.length);
  for (let start = 0; start < x.length; start += SLICE) {
    const slice = await values.read(start, Math.min(SLICE, x.length - start));
    const wrong = slice.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const at = start + wrong;
      throw new RangeError(
        `value ${at % dims} of vector ${Math.floor(at / dims)} is ${slice[wrong]}`,
      );
    }
    x.set(slice, start);
    await progress((start + slice.length) / x.length, 'Reading');
  }
  normalize(x, dims);
  return { name: values.name, dims, labels, x, embed: null };
}
