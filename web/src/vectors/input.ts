// Vectors in the shapes in which models and services hand them out, as values one after the other.

import { describe, type FloatArray, invalid, toFloat32, typedArray } from '../core/arguments.js';
import { FewbitsError, reading } from '../core/errors.js';
import { kindOf } from '../core/kinds.js';
import { decodeF16 } from '../io/half.js';
import type { Values } from './functions.js';

/**
 * Vectors as a tensor: of transformers.js or ONNX Runtime, or made by hand. A Uint16Array is taken for
 * half floats where `type` says 'float16', an Int8Array where `scale` says what its values are
 * multiplied by (1 does for 'cosine', where lengths do not matter).
 */
export interface TensorLike {
  readonly data: ArrayLike<unknown>;
  /** [n, dims], or [dims] of one vector; `shape` is the same. Default: as many as `data` holds. */
  readonly dims?: readonly number[] | undefined;
  readonly shape?: readonly number[] | undefined;
  /** 'float32', 'float64', 'float16' or 'int8'; what `data` is, where it does not say so itself. */
  readonly type?: string | undefined;
  readonly scale?: number | undefined;
}

/**
 * n vectors: their values one after the other, an array of them, or a tensor of [n, dims]. For 'hamming'
 * also bits, ceil(dims / 8) bytes a vector, the first dimension in the highest bit: a Uint8Array as of
 * 'ubinary' embeddings, or an Int8Array as of 'binary' ones, whose bytes are less by 128.
 */
export type VectorsInput =
  | FloatArray
  | PackedBits
  | readonly (FloatArray | PackedBits | TensorLike)[]
  | TensorLike;

/** Bits of vectors, for 'hamming'. */
export type PackedBits = Uint8Array | Int8Array;

/** How many vectors there must be, and what says so. */
export interface Expected {
  readonly count: number;
  readonly because: string;
}

/** Whole vectors of `dims` values, one after the other, possibly in the memory of the caller. */
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

/** One vector. */
export function checkVector(name: string, given: VectorsInput, dims: number): Float32Array {
  const x = valuesOf(name, given, dims);
  if (x.length === dims) return x;
  throw invalid(`${name} must be one vector of ${dims} values, got ${x.length}; ${OTHER_MODEL}`);
}

export const OTHER_MODEL = 'an index takes vectors of the model for which it was made';

/** Whether values are in memory that the caller has a view of. */
export function isShared(x: Values, given: unknown): boolean {
  const data = ArrayBuffer.isView(given) ? given : readable(given, 'data');
  return ArrayBuffer.isView(data) && data.buffer === x.buffer;
}

/** Values one after the other, however many. */
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

/** Whether something is a tensor by its looks. */
export function hasData(x: unknown): boolean {
  try {
    return typeof x === 'object' && x !== null && 'data' in x;
  } catch {
    return false;
  }
}

/** Array.isArray(), also of what throws when it is looked at. */
export function isList(x: unknown): x is readonly unknown[] {
  try {
    return Array.isArray(x);
  } catch {
    return false;
  }
}

/** A property of anything, or undefined where it cannot be read. */
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
  // A first one of the right length, before there is room for all.
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
    // No list, or one that cannot be read.
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

/** Values of any kind that is taken, by what is told of them. */
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

/** The values, which nobody else has, times the scale. */
function scaled(x: Float32Array, scale: number | undefined): Float32Array {
  if (scale !== undefined && scale !== 1) for (let i = 0; i < x.length; i++) x[i] *= scale;
  return x;
}
