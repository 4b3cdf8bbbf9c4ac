// Index files: an index written as a safetensors file, and read again.

import type { Core } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import {
  BITS_VERSION,
  CENTRED_VERSION,
  FORMAT,
  NAMES,
  PLANES_VERSION,
  VERSION,
} from './file-contents.js';
import { layOut, type PlannedTensor } from './file-header.js';
import type { RowSizes } from './functions.js';
import { idTensors, readIds } from './id-file.js';
import type { Ids } from './ids.js';
import { NativeIndex } from './native.js';
import { checksum, type RowArrays } from './native-search.js';
import { filling, openWith } from './open-file.js';

function versionOf(index: NativeIndex): string {
  const { metric, bits } = index.settings;
  if (metric === 'hamming') return BITS_VERSION;
  if (bits === 3 || bits === 6) return PLANES_VERSION;
  return index.rowSizes.mean_products > 0 ? CENTRED_VERSION : VERSION;
}

const bytesOf = (x: ArrayBufferView) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);

/** A tensor of the file: its bytes, or the name of a row array. */
interface Tensor extends PlannedTensor {
  readonly data: Iterable<Uint8Array> | keyof RowSizes;
}

function tensorsOf(index: NativeIndex, ids: Ids): Tensor[] {
  const { settings } = index;
  const { dims } = settings;
  const n = ids.length;
  const sizes = index.rowSizes;
  const { mean, matrix, segments } = index;
  const learned = matrix !== null;
  const tensors: Tensor[] = [];
  const small = (name: string, dtype: Tensor['dtype'], shape: number[], data: ArrayBufferView) =>
    tensors.push({ name, dtype, shape, data: [bytesOf(data)] });

  const rows = (array: keyof RowSizes, dtype: Tensor['dtype'], shape: number[]) => {
    if (sizes[array] === 0) return;
    tensors.push({ name: NAMES[array], dtype, shape, data: array });
  };
  const signed = (bits: number) => (bits === 8 ? 'I8' : 'U8');
  if (settings.metric === 'hamming') {
    rows('codes', 'U8', [n, sizes.codes]);
    return [...tensors, ...idTensors(ids)];
  }
  if (mean !== null) small('mean', 'F32', [dims], mean);
  if (learned) {
    small('transform.matrix', 'F32', [dims, dims], matrix);
    const scales = Float32Array.from(segments, ({ scale }) => scale);
    small('transform.scales', 'F32', [segments.length], scales);
    const cut = Uint32Array.from(segments.flatMap((segment) => [segment.dims, segment.bits]));
    small('transform.segments', 'U32', [segments.length, 2], cut);
  }
  if (!learned || settings.refine !== 0) {
    const signs = index.rotationSigns;
    small('rotation.signs', 'I8', [signs.length / dims, dims], signs);
  }
  const widths = new Set(learned ? segments.map(({ bits }) => bits) : [settings.bits as number]);
  if (settings.refine !== 0) widths.add(settings.refine);
  for (const bits of widths) {
    if (bits !== 0) small(`levels.${bits}`, 'I8', [2 ** bits], index.levels(bits));
  }
  if (learned) rows('factors', 'F16', [n, sizes.factors / 2]);
  else rows('factors', 'F32', [n]);
  rows('norms', 'F32', [n]);
  rows('mean_products', 'F32', [n]);
  rows('tails', 'U32', [n]);
  rows('refine_factors', 'F32', [n]);
  rows('codes', learned ? 'U8' : signed(settings.bits), [n, sizes.codes]);
  rows('refine_codes', signed(settings.refine), [n, sizes.refine_codes]);
  tensors.push(...idTensors(ids));
  return tensors;
}

/** The file of an index without its rows. */
export interface FilePlan {
  readonly byteLength: number;
  /** The parts in order: bytes, or all rows of an array. The checksum() of them ends the file. */
  readonly parts: readonly (Iterable<Uint8Array> | keyof RowSizes)[];
}

/** Lays out the file of rows with these ids, none of which are removed. */
export function planFile(index: NativeIndex, ids: Ids): FilePlan {
  index.settle(ids.length);
  const { settings, fit } = index;
  const tensors = tensorsOf(index, ids);
  const check: PlannedTensor = { name: 'checksum', dtype: 'U8', shape: [4] };
  const plan = layOut([...tensors, check], {
    format: FORMAT,
    version: versionOf(index),
    dims: String(settings.dims),
    bits: String(settings.bits),
    metric: settings.metric,
    quality: settings.quality,
    refine: String(settings.refine),
    seed: String(settings.seed),
    rows: String(ids.length),
    // Without 2^53, the value that marks the end of the default ids.
    nextId: String(Math.min(ids.next, Number.MAX_SAFE_INTEGER)),
    ...(fit.expected > 0 ? { fit: String(fit.expected) } : {}),
  });
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const parts = plan.tensors.map(({ name }) => byName.get(name)?.data ?? []);
  return { byteLength: plan.byteLength, parts: [[plan.header], ...parts] };
}

/** The last four bytes of a file, which hold this CRC-32. */
export function writeChecksum(sum: number): Uint8Array<ArrayBuffer> {
  const end = new Uint8Array(4);
  new DataView(end.buffer).setUint32(0, sum, true);
  return end;
}

/**
 * Writes the file of an index piece by piece; the first piece is the whole header. Removed rows must have
 * been compacted away. The last four bytes are the CRC-32 of everything before them.
 */
export function* writeIndex(index: NativeIndex, ids: Ids): Generator<Uint8Array, void, void> {
  let sum = 0;
  for (const part of planFile(index, ids).parts) {
    const pieces = typeof part === 'string' ? index.exportRows(part, ids.length) : part;
    for (const piece of pieces) {
      sum = checksum(index.core, sum, piece);
      yield piece;
    }
  }
  yield writeChecksum(sum);
}

/** Joins the pieces of a file. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  try {
    const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let offset = 0;
    for (const piece of pieces) {
      file.set(piece, offset);
      offset += piece.length;
    }
    return file;
  } catch (cause) {
    throw new FewbitsError('OUT_OF_MEMORY', 'no room for the file of the index', { cause });
  }
}

/** The contents of a file, with rows that are not yet in the index. */
export interface IndexFile {
  /** An index without rows, with the settings of the file. */
  readonly index: NativeIndex;
  readonly ids: Ids;
  /** Views of the file. */
  readonly arrays: RowArrays;
  /** The CRC-32 at its end. */
  readonly sum: number;
}

/**
 * Opens a file without looking at its rows. Throws CORRUPT_DATA for anything but an unchanged file of
 * writeIndex.
 */
export function openFile(core: Core, bytes: Uint8Array): IndexFile {
  const { file, contents, index, arrays } = openWith(
    bytes,
    (part) => checksum(core, 0, part),
    (settings) => new NativeIndex(core, settings),
  );
  return filling(index, () => {
    const { fit, rows, nextId, sum } = contents;
    index.fit = fit;
    return { index, arrays, ids: readIds(file, rows, nextId), sum };
  });
}

/** Reads a file. Throws CORRUPT_DATA for anything but an unchanged file of writeIndex. */
export function readIndex(core: Core, bytes: Uint8Array): { index: NativeIndex; ids: Ids } {
  const { index, ids, arrays } = openFile(core, bytes);
  return filling(index, () => {
    index.importRows(arrays, ids.length);
    return { index, ids };
  });
}
