// Files and queries that callers pass to a reader, in the same forms as for an index, with shorter messages.

import { FewbitsError, invalid, reading } from '../core/errors.js';
import type { Settings } from '../vectors/functions.js';
import type { TensorLike, VectorsInput } from '../vectors/input.js';
import { tagOf } from './plan.js';

type Kind = Pick<Settings, 'dims' | 'metric'>;

/** The bytes of a file, without a copy. */
export const bytesOf = (file: unknown): Uint8Array =>
  reading('the file', () => {
    if (ArrayBuffer.isView(file)) {
      return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
    }
    if (tagOf(file) === 'ArrayBuffer') return new Uint8Array(file as ArrayBuffer);
    throw invalid(`openIndex takes bytes, got ${tagOf(file)}`);
  });

/**
 * Checks that queries are whole vectors, one after another; exactly one unless `many`. Packed bits become 1
 * and -1.
 */
export function queriesOf(
  name: string,
  given: VectorsInput,
  settings: Kind,
  many: boolean,
): Float32Array {
  const { dims } = settings;
  const x = reading(name, () => valuesOf(name, given, settings));
  if (many ? x.length % dims === 0 : x.length === dims) return x;
  throw invalid(
    `${name} must be ${many ? 'vectors' : 'one vector'} of ${dims} values, got ${x.length} values`,
  );
}

export function checkFinite(x: Float32Array, name: string): void {
  const at = x.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new FewbitsError('NON_FINITE', `${name}[${at}] is NaN or infinite`);
}

function valuesOf(name: string, given: unknown, settings: Kind): Float32Array {
  const tag = tagOf(given);
  if (/^Float(16|32|64)Array$/.test(tag)) return new Float32Array(given as Float32Array);
  if (settings.metric === 'hamming' && /^(Ui|I)nt8Array$/.test(tag)) {
    return unpacked(given as Uint8Array, settings.dims, tag === 'Int8Array' ? 128 : 0);
  }
  if (Array.isArray(given)) {
    if (typeof given[0] === 'object') {
      const rows = given.map((row, i) => [...queriesOf(`${name}[${i}]`, row, settings, false)]);
      return Float32Array.from(rows.flat());
    }
    const numberAt = (i: number): number => {
      const value: unknown = given[i];
      if (typeof value === 'number') return value;
      throw invalid(`${name}[${i}] must be a number, got ${tagOf(value)}`);
    };
    // The first element is checked before memory is allocated: sparse arrays can be very long.
    if (given.length > 0) numberAt(0);
    return new Float32Array(given.length).map((_, i) => numberAt(i));
  }
  if (typeof given === 'object' && given !== null && 'data' in given) {
    return ofTensor(name, given as TensorLike, settings);
  }
  throw invalid(`${name} must be floats, arrays of them or a tensor, got ${tag}`);
}

function ofTensor(name: string, given: TensorLike, settings: Kind): Float32Array {
  const { dims } = settings;
  const sizes = given.dims ?? given.shape ?? [dims];
  const last = sizes[sizes.length - 1];
  const isRight = last === dims || (settings.metric === 'hamming' && last === (dims + 7) >> 3);
  if (sizes.length < 3 && isRight) return valuesOf(name, given.data, settings);
  throw invalid(`${name} has the sizes [${sizes}], not [n, ${dims}]`);
}

/**
 * Unpacks bits from the highest of each byte down, to 1 if set and -1 if not; bytes of an Int8Array are lower
 * by 128.
 */
export function unpacked(bytes: Uint8Array, dims: number, flip: number): Float32Array {
  const width = (dims + 7) >> 3;
  const x = new Float32Array(Math.ceil((bytes.length / width) * dims));
  return x.map((_, i) => {
    const bit = i % dims;
    const byte = bytes[((i - bit) / dims) * width + (bit >> 3)] ^ flip;
    return (byte << (bit & 7)) & 128 ? 1 : -1;
  });
}
