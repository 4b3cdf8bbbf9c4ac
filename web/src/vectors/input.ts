// Vectors in the forms that models and services return, converted to values one after another.

import { describe, type FloatArray, invalid, toFloat32, typedArray } from '../core/arguments.js';
import { FewbitsError, reading } from '../core/errors.js';
import { kindOf } from '../core/kinds.js';
import { decodeF16 } from '../io/half.js';
import type { Values } from './functions.js';

/**
 * Vectors as a tensor: of transformers.js or ONNX Runtime, or made by hand. A Uint16Array is read as half
 * floats if `type` is 'float16', an Int8Array if `scale` is the factor of its values (1 is fine for 'cosine',
 * where lengths do not matter).
 */
export interface TensorLike {
  readonly data: ArrayLike<unknown>;
  /** [n, dims], or [dims] for one vector; `shape` is a synonym. Default: all values of `data`. */
  readonly dims?: readonly number[] | undefined;
  readonly shape?: readonly number[] | undefined;
  /** 'float32', 'float64', 'float16' or 'int8': the type of `data` where its array does not tell. */
  readonly type?: string | undefined;
  readonly scale?: number | undefined;
}

/**
 * n vectors: their values one after another, an array of vectors, or a tensor of [n, dims]. For 'hamming'
 * also bits, ceil(dims / 8) bytes per vector, the first dimension in the highest bit: a Uint8Array like
 * 'ubinary' embeddings, or an Int8Array like 'binary' ones, whose bytes are lower by 128.
 */
export type VectorsInput =
  | FloatArray
  | PackedBits
  | readonly (FloatArray | PackedBits | TensorLike)[]
  | TensorLike;

/** Packed bits of vectors, for 'hamming'. */
export type PackedBits = Uint8Array | Int8Array;

/** The expected number of vectors, and the reason for a message. */
export interface Expected {
  readonly count: number;
  readonly because: string;
}

/** Checks whole vectors of `dims` values, one after another. The result may share memory with the caller. */
export function checkVectors(
  name: string,
  given: VectorsInput,
  dims: number,
  expected?: Expected,
): Float32Array {
  const x = valuesOf(name, given, dims);
  if (expected !== undefined && x.length !== expected.count * dims) {
    const { count, because } = expected;
    const hint =
      x.length % count === 0 ? `, as if of ${x.length / count} each; ${OTHER_MODEL}` : '';
    throw invalid(
      `${name} must be ${count} vectors of ${dims} values, ${because}, got ${x.length} values${hint}`,
    );
  }
  if (x.length % dims !== 0) {
    throw invalid(
      `${name} must hold vectors of ${dims} values each, got ${x.length} values; ${OTHER_MODEL}`,
    );
  }
  return x;
}

/** Checks one vector. */
export function checkVector(name: string, given: VectorsInput, dims: number): Float32Array {
  const x = valuesOf(name, given, dims);
  if (x.length === dims) return x;
  throw invalid(`${name} must be one vector of ${dims} values, got ${x.length}; ${OTHER_MODEL}`);
}

export const OTHER_MODEL = 'an index takes vectors of the model for which it was made';

/** Whether the values share memory with what the caller passed. */
export function isShared(x: Values, given: unknown): boolean {
  const data = ArrayBuffer.isView(given) ? given : readable(given, 'data');
  return ArrayBuffer.isView(data) && data.buffer === x.buffer;
}

/** Values one after another, any number of them. */
export const valuesOf = (name: string, given: unknown, dims: number): Float32Array =>
  reading(name, () => read(name, given, dims));

function read(name: string, given: unknown, dims: number): Float32Array {
  if (isList(given)) {
    const first = readable(given, '0');
    if (typeof first === 'object' && first !== null) return rows(name, given, dims);
  } else if (kindOf(given) === undefined && hasData(given)) {
    return tensor(name, given as TensorLike, dims);
  }
  return floats(name, given, undefined, undefined);
}

/** Whether a value looks like a tensor. */
export function hasData(x: unknown): boolean {
  try {
    return typeof x === 'object' && x !== null && 'data' in x;
  } catch {
    return false;
  }
}

/** Array.isArray() that does not throw for revoked proxies. */
export function isList(x: unknown): x is readonly unknown[] {
  try {
    return Array.isArray(x);
  } catch {
    return false;
  }
}

/** A property of any value, or undefined where it cannot be read. */
export function readable(x: unknown, key: string): unknown {
  if (typeof x !== 'object' || x === null) return undefined;
  try {
    return (x as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function rows(name: string, given: readonly unknown[], dims: number): Float32Array {
  const n = given.length;
  // The first row is checked before memory is allocated for all.
  const first = row(`${name}[0]`, given[0], dims);
  const x = room(name, n * dims);
  x.set(first);
  for (let i = 1; i < n; i++) x.set(row(`${name}[${i}]`, given[i], dims), i * dims);
  return x;
}

function row(name: string, given: unknown, dims: number): Float32Array {
  if (isList(given) && typeof readable(given, '0') === 'object') {
    throw invalid(
      `${name} holds rows itself: one vector a text is needed, so do the pooling first`,
    );
  }
  const x = valuesOf(name, given, dims);
  if (x.length !== dims) {
    throw invalid(`${name} must have ${dims} values, got ${x.length}; ${OTHER_MODEL}`);
  }
  return x;
}

function room(name: string, length: number): Float32Array {
  try {
    return new Float32Array(length);
  } catch (cause) {
    throw new FewbitsError('OUT_OF_MEMORY', `no room for ${name} as a Float32Array`, { cause });
  }
}

function tensor(name: string, given: TensorLike, dims: number): Float32Array {
  const { data, type, scale } = given;
  const said = given.dims ?? given.shape;
  const sizes = said === undefined ? undefined : sizesOf(name, said);
  if (sizes !== undefined) checkSizes(name, sizes, dims);
  const x = floats(`${name}.data`, data, type, scale);
  const expected = sizes?.reduce((product, size) => product * size, 1);
  if (expected !== undefined && expected !== x.length) {
    throw invalid(`${name}.data must have ${expected} values, as its sizes say, got ${x.length}`);
  }
  return x;
}

export function sizesOf(name: string, given: unknown): number[] {
  try {
    const sizes = Array.from(given as ArrayLike<unknown>, Number);
    if (sizes.length > 0 && sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      return sizes;
    }
  } catch {
    // Not a list, or one that cannot be read.
  }
  throw invalid(`the sizes of ${name} must be [n, dims], got ${describe(given)}`);
}

function checkSizes(name: string, sizes: readonly number[], dims: number): void {
  const shown = `[${sizes.join(', ')}]`;
  if (sizes.length > 2) {
    throw invalid(
      `${name} has the sizes ${shown}, as what a model says of each token: do the pooling first, ` +
        `in transformers.js by { pooling: 'mean', normalize: true }; [n, ${dims}] is taken`,
    );
  }
  if (sizes[sizes.length - 1] !== dims) {
    throw invalid(`${name} has the sizes ${shown}, not [n, ${dims}]; ${OTHER_MODEL}`);
  }
}

/** Values of any accepted kind, by their stated type and scale. */
function floats(name: string, data: unknown, type: unknown, scale: unknown): Float32Array {
  const kind = kindOf(data);
  if (scale !== undefined && (typeof scale !== 'number' || !Number.isFinite(scale))) {
    throw invalid(`the scale of ${name} must be a number, got ${describe(scale)}`);
  }
  if (kind === 'Uint16Array' && type === 'float16') {
    return scaled(decodeF16(typedArray(name, data, ['Uint16Array'])), scale);
  }
  if (kind === 'Int8Array' && scale !== undefined && (type === undefined || type === 'int8')) {
    return scaled(Float32Array.from(typedArray(name, data, ['Int8Array'])), scale);
  }
  if (kind === 'Int8Array') {
    throw invalid(
      `${name} is an Int8Array: pass { data, scale } with what its values are multiplied by ` +
        "(1 does for 'cosine'), or Float32Array.from(data, (value) => value * scale)",
    );
  }
  if (kind === 'Uint16Array') {
    throw invalid(
      `${name} is a Uint16Array: of half floats pass { data, type: 'float16' }, or what ` +
        "floats.decode(data, 'f16', length) gives",
    );
  }
  if (kind === 'Uint8Array') {
    throw invalid(
      `${name} is a ${describe(data)}: embeddings of a bit a value go into an index with metric: ` +
        "'hamming'; of a byte a value pass what " +
        'dequantizeEmbeddings(data, dims, precision) gives, of bytes of floats ' +
        'new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4)',
    );
  }
  if (type !== undefined && !/^float(16|32|64)$/.test(String(describable(type)))) {
    throw invalid(
      `${name} is of the type ${describe(type)}, and embeddings are floats: pass what a model makes ` +
        'of tokens, not the tokens',
    );
  }
  const x = toFloat32(name, data);
  return scale === undefined || scale === 1 ? x : scaled(x.slice(), scale);
}

const describable = (type: unknown) => (typeof type === 'string' ? type : '');

/** Multiplies values, which nobody else holds, by the scale. */
function scaled(x: Float32Array, scale: number | undefined): Float32Array {
  if (scale !== undefined && scale !== 1) for (let i = 0; i < x.length; i++) x[i] *= scale;
  return x;
}
