// What callers give to a reader: files and queries, in the shapes that an index takes, told in fewer words.

import { describe, invalid, isKind, reading } from '../core/arguments.js';
import { isArrayBuffer } from '../core/kinds.js';
import type { Settings } from '../vectors/functions.js';
import type { VectorsInput } from '../vectors/input.js';

/** The bytes of a file, without a copy. */
export function bytesOf(file: unknown): Uint8Array {
  return reading('the file', () => {
    if (ArrayBuffer.isView(file)) {
      return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
    }
    if (isArrayBuffer(file)) return new Uint8Array(file);
    throw invalid(`openIndex takes the bytes of a file, got ${describe(file)}`);
  });
}

/** Whole queries of so many values, one after the other; exactly one unless `many`. Of bits, 1 and -1 may come. */
export function queriesOf(
  name: string,
  given: VectorsInput,
  settings: Pick<Settings, 'dims' | 'metric'>,
  many: boolean,
): Float32Array {
  const { dims } = settings;
  const x = reading(name, () => valuesOf(name, given, settings));
  if (many ? x.length % dims === 0 : x.length === dims) return x;
  throw invalid(
    `${name} must be ${many ? 'vectors' : 'one vector'} of ${dims} values, got ${x.length} values; ` +
      'an index takes vectors of the model for which it was made',
  );
}

function valuesOf(
  name: string,
  given: unknown,
  settings: Pick<Settings, 'dims' | 'metric'>,
): Float32Array {
  if (isKind(given, 'Float32Array', 'Float64Array', 'Float16Array')) return new Float32Array(given);
  if (settings.metric === 'hamming' && isKind(given, 'Uint8Array', 'Int8Array')) {
    return unpacked(given, settings.dims);
  }
  if (Array.isArray(given)) {
    if (typeof given[0] === 'object') {
      const rows = given.map((row, i) => [...queriesOf(`${name}[${i}]`, row, settings, false)]);
      return Float32Array.from(rows.flat());
    }
    return Float32Array.from(given, (value, i) => {
      if (typeof value === 'number') return value;
      throw invalid(`${name}[${i}] must be a number, got ${describe(value)}`);
    });
  }
  throw invalid(
    `${name} must be an array of floats, or of such arrays, got ${describe(given)}; of a tensor pass its .data`,
  );
}

/** 1 for bits that are set and -1 for others, from the highest of each byte down; bytes of an Int8Array are less by 128. */
function unpacked(bytes: Uint8Array | Int8Array, dims: number): Float32Array {
  const width = (dims + 7) >> 3;
  const flip = isKind(bytes, 'Int8Array') ? 128 : 0;
  const x = new Float32Array(Math.ceil((bytes.length / width) * dims));
  return x.map((_, i) => {
    const byte = bytes[Math.floor(i / dims) * width + ((i % dims) >> 3)] ^ flip;
    return (byte << ((i % dims) & 7)) & 128 ? 1 : -1;
  });
}
