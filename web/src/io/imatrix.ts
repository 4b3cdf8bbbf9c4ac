// Importance matrices of llama.cpp, read in both of their formats.

import { corrupt, quote } from './checks.js';
import type { GgufArray, GgufTensorInfo } from './gguf/format.js';
import { type GgufData, readGguf } from './gguf/read.js';
import { unshared } from './pieces.js';
import { nameOf } from './sniff.js';
import {
  type ByteSource,
  type Bytes,
  type OpenOptions,
  openOptions,
  readExactly,
  toBytes,
  toReader,
} from './source.js';

/** An importance matrix of llama.cpp's imatrix tool: how much each column of a tensor matters. */
export interface Imatrix {
  readonly format: 'gguf' | 'dat';
  /**
   * The weights of each tensor by its name in GGUF files, one per column: the mean square of the activations
   * that the column is multiplied with. For tensors with several experts, the weights of the experts one
   * after another.
   */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** The names of the texts that it was computed from. */
  readonly datasets: readonly string[];
  /** The number of chunks of text; 0 if the file does not state it. */
  readonly chunks: number;
}

const keys = {
  datasets: 'imatrix.datasets',
  chunkCount: 'imatrix.chunk_count',
  chunkSize: 'imatrix.chunk_size',
};

/**
 * Reads an importance matrix: GGUF, where each tensor has its sums of squares (`<name>.in_sum2`) and their
 * counts (`<name>.counts`), one count per expert, or the older binary file (`.dat`). Sums are divided by
 * their counts as llama.cpp's quantize tool does: columns that were never used have the weight 1 in GGUF, and
 * sums whose count is 0 stay unchanged in the older file.
 *
 * @throws FewbitsError CORRUPT_DATA for a file that is neither, for weights that are negative or not finite,
 *   and for an invalid number of chunks
 */
export function readImatrix(source: Bytes): Imatrix {
  const bytes = toBytes(source);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  const imatrix = magic === 'GGUF' ? fromGguf(readGguf(bytes)) : fromDat(bytes);
  // Quantized models store this number as uint32.
  if (!Number.isInteger(imatrix.chunks) || imatrix.chunks < 0 || imatrix.chunks > 0xffff_ffff) {
    throw corrupt(`imatrix: ${imatrix.chunks} chunks`);
  }
  for (const [name, weights] of imatrix.weights) {
    const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
    if (bad >= 0) {
      throw corrupt(`imatrix: weight ${bad} of ${quote(name)} is ${weights[bad]}`);
    }
  }
  return imatrix;
}

/** Reads an importance matrix from a source; the whole file is read. See `readImatrix`. */
export async function openImatrix(source: ByteSource, options?: OpenOptions): Promise<Imatrix> {
  const { signal } = openOptions(options);
  const reader = toReader(source);
  const bytes = await readExactly(reader, 0, reader.size);
  signal?.throwIfAborted();
  return readImatrix(bytes);
}

// GGUF -------------------------------------------------------------------------------------------

function fromGguf(file: GgufData): Imatrix {
  const { metadata, tensors } = file;
  const texts = metadata.get(keys.datasets)?.value as GgufArray | undefined;
  const chunks = metadata.get(keys.chunkCount)?.value;
  if (texts?.type !== 'string' || typeof chunks !== 'number' || !metadata.has(keys.chunkSize)) {
    throw corrupt(
      `imatrix: this GGUF file is not an importance matrix: it lacks ${Object.values(keys).join(', ')}`,
    );
  }
  // A map, as a malicious file can list a million tensors.
  const infos = new Map(tensors.map((info) => [info.name, info]));
  const floats = (tensor: string, what: string) =>
    floatsOf(file, infos.get(`${tensor}.${what}`), tensor, what);
  const weights = new Map<string, Float32Array>();
  for (const { name } of tensors) {
    // Other tensors hold more statistics of the same activations, which quantizers do not use.
    const [, tensor] = /^(.*)\.(?:in_sum2|counts)$/s.exec(name) ?? [];
    if (tensor === undefined || weights.has(tensor)) continue;
    weights.set(tensor, means(tensor, floats(tensor, 'in_sum2'), floats(tensor, 'counts')));
  }
  return { format: 'gguf', weights, datasets: texts.values as string[], chunks };
}

function floatsOf(
  file: GgufData,
  info: GgufTensorInfo | undefined,
  tensor: string,
  what: string,
): Float32Array {
  if (info?.type !== 'F32') {
    throw corrupt(
      `imatrix: ${quote(tensor)} ${info ? `has a ${what} of ${info.type}` : `lacks its ${what}`}`,
    );
  }
  return new Float32Array(new Uint8Array(file.bytes(info.name)).buffer);
}

function means(tensor: string, sums: Float32Array, counts: Float32Array): Float32Array {
  const columns = sums.length / counts.length;
  if (!Number.isInteger(columns) || columns === 0) {
    throw corrupt(`imatrix: ${quote(tensor)} has ${sums.length} sums and ${counts.length} counts`);
  }
  return sums.map((sum, i) => {
    const count = Math.round(counts[Math.floor(i / columns)] as number);
    return count > 0 ? sum / count : 1;
  });
}

// .dat -------------------------------------------------------------------------------------------

/**
 * Reads the little-endian format: the number of entries; for each entry the length of its name, the name, its
 * number of calls, its number of values, and the values; then optionally the number of chunks, the length of
 * the dataset's name, and the name. Integers have 32 bits, values are float32.
 */
function fromDat(bytes: Uint8Array): Imatrix {
  const name = nameOf(bytes, bytes.length);
  if (name !== undefined) throw corrupt(`imatrix: this is ${name}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  function take(length: number, what: string): number {
    if (length < 0 || length > bytes.length - at) {
      throw corrupt(
        `imatrix: ${what} at offset ${at} needs ${length} bytes, ${bytes.length - at} are left`,
      );
    }
    at += length;
    return at - length;
  }
  const int32 = (what: string) => view.getInt32(take(4, what), true);
  function text(what: string): string {
    const length = int32(what);
    const start = take(length, what);
    return new TextDecoder().decode(unshared(bytes.subarray(start, start + length)));
  }

  const entries = int32('the number of entries');
  if (entries < 1) throw corrupt(`imatrix: ${entries} entries: this is not an importance matrix`);
  const weights = new Map<string, Float32Array>();
  for (let i = 0; i < entries; i++) {
    const name = text(`the name of entry ${i}`);
    if (weights.has(name)) throw corrupt(`imatrix: the entry ${quote(name)} appears twice`);
    const calls = int32(`the calls of ${quote(name)}`);
    const count = int32(`the values of ${quote(name)}`);
    if (count < 1) throw corrupt(`imatrix: ${quote(name)} has ${count} values`);
    const start = take(4 * count, `the values of ${quote(name)}`);
    const divisor = calls > 0 ? calls : 1;
    weights.set(
      name,
      Float32Array.from(
        { length: count },
        (_, j) => view.getFloat32(start + 4 * j, true) / divisor,
      ),
    );
  }
  // Older files end here.
  const chunks = bytes.length - at >= 4 ? int32('the number of chunks') : 0;
  const dataset = bytes.length - at >= 4 ? text('the name of the dataset') : '';
  return { format: 'dat', weights, datasets: dataset === '' ? [] : [dataset], chunks };
}
