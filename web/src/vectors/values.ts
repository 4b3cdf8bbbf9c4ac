// Values for an index: floats, or for 'hamming' bits, packed by the caller or taken from the signs of
// numbers.

import { invalid, kindOf, typedArray } from '../core/arguments.js';
import { FewbitsError, reading } from '../core/errors.js';
import { type Settings, type Values, widthOf } from './functions.js';
import {
  checkVector,
  checkVectors,
  type Expected,
  hasData,
  isList,
  OTHER_MODEL,
  readable,
  sizesOf,
  type TensorLike,
  type VectorsInput,
  valuesOf,
} from './input.js';

type Kind = Pick<Settings, 'dims' | 'metric'>;

/** Checks whole vectors for an index with these settings. The result may share memory with the caller. */
export function checkValues(
  name: string,
  given: VectorsInput,
  kind: Kind,
  expected?: Expected,
): Values {
  const { dims, metric } = kind;
  if (metric !== 'hamming') return checkVectors(name, given, dims, expected);
  const bits = bitsOf(name, given, dims);
  const count = bits.length / widthOf(kind);
  if (expected !== undefined && count !== expected.count) {
    throw invalid(
      `${name} must be ${expected.count} vectors of ${dims} bits, ${expected.because}, got ` +
        `${bits.length} bytes of them, which are ${count}; ${OTHER_MODEL}`,
    );
  }
  return bits;
}

/** Checks one vector for such an index. */
export function checkValue(name: string, given: VectorsInput, kind: Kind): Values {
  const { dims, metric } = kind;
  return metric === 'hamming'
    ? oneOf(name, bitsOf(name, given, dims), dims)
    : checkVector(name, given, dims);
}

/** Checks floats to learn from; indexes of bits learn nothing. */
export function checkFloats(name: string, given: VectorsInput, { dims }: Kind): Float32Array {
  return checkVectors(name, given, dims);
}

const bytesFor = (dims: number) => Math.ceil(dims / 8);

function oneOf(name: string, bits: Uint8Array, dims: number): Uint8Array {
  const count = bits.length / bytesFor(dims);
  if (count === 1) return bits;
  throw invalid(
    `${name} must be one vector of ${dims} bits, got ${bits.length} bytes, which are ${count}`,
  );
}

/** The error for a wrong length. */
const notWhole = (name: string, dims: number, got: string) =>
  invalid(
    `${name} must hold vectors of ${dims} bits: ${bytesFor(dims)} bytes each, packed, in a Uint8Array ` +
      `('ubinary') or an Int8Array ('binary'), or ${dims} numbers each, got ${got}; ${OTHER_MODEL}`,
  );

/** Packed bits of whole vectors. */
const bitsOf = (name: string, given: unknown, dims: number): Uint8Array =>
  reading(name, () => {
    const first = isList(given) ? readable(given, '0') : undefined;
    if (isList(given) && typeof first === 'object' && first !== null) {
      return rowsOf(name, given, dims);
    }
    return packedIn(name, given, dims) ?? signsOf(name, valuesOf(name, given, dims), dims);
  });

function rowsOf(name: string, given: readonly unknown[], dims: number): Uint8Array {
  const width = bytesFor(dims);
  const row = (i: number) => {
    const one = given[i];
    if (isList(one) && typeof readable(one, '0') === 'object') {
      throw invalid(`${name}[${i}] holds rows itself, and must be one vector of ${dims} bits`);
    }
    return oneOf(`${name}[${i}]`, bitsOf(`${name}[${i}]`, one, dims), dims);
  };
  // The first row is checked before memory is allocated for all.
  const first = row(0);
  const bits = room(name, given.length * width);
  bits.set(first);
  for (let i = 1; i < given.length; i++) bits.set(row(i), i * width);
  return bits;
}

/** Packed bits, as an array or in a tensor; undefined for anything else. */
function packedIn(name: string, given: unknown, dims: number): Uint8Array | undefined {
  const isTensor = !isList(given) && kindOf(given) === undefined && hasData(given);
  const tensor = (isTensor ? given : { data: given }) as TensorLike;
  const { data, scale } = tensor;
  const kind = kindOf(data);
  // With a scale they are numbers, one per byte.
  if (kind !== 'Uint8Array' && (kind !== 'Int8Array' || scale !== undefined)) return undefined;
  const bytes = typedArray(isTensor ? `${name}.data` : name, data, [kind]);
  const said = tensor.dims ?? tensor.shape;
  const sizes = said === undefined ? undefined : sizesOf(name, said);
  const whole = bytes.length % bytesFor(dims) === 0;
  if (sizes !== undefined) {
    const product = sizes.reduce((all, size) => all * size, 1);
    const last = sizes[sizes.length - 1];
    if (sizes.length > 2 || last !== bytesFor(dims) || product !== bytes.length) {
      throw notWhole(name, dims, `${bytes.length} bytes of sizes [${sizes.join(', ')}]`);
    }
  } else if (!whole) {
    throw notWhole(name, dims, `${bytes.length} bytes`);
  }
  return kind === 'Int8Array' ? turned(bytes as Int8Array) : (bytes as Uint8Array);
}

/** Converts bytes of 'binary' embeddings, which are those of 'ubinary' minus 128. */
function turned(bytes: Int8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte) => byte + 128);
}

/** Packs the signs of numbers: 1 for those above zero. */
function signsOf(name: string, x: Float32Array, dims: number): Uint8Array {
  if (x.length % dims !== 0) throw notWhole(name, dims, `${x.length} numbers`);
  const width = bytesFor(dims);
  const bits = room(name, (x.length / dims) * width);
  for (let at = 0, to = 0; at < x.length; at += dims, to += width) {
    for (let i = 0; i < dims; i++) {
      const value = x[at + i];
      if (value > 0 && value < Infinity) bits[to + (i >> 3)] |= 0x80 >> (i & 7);
      else if (!(value <= 0 && value > -Infinity)) {
        throw new FewbitsError(
          'NON_FINITE',
          `${name}[${at + i}] is NaN or infinite; only finite values have a sign to keep`,
        );
      }
    }
  }
  return bits;
}

function room(name: string, length: number): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new FewbitsError('OUT_OF_MEMORY', `no room for the bits of ${name}`, { cause });
  }
}
