// Index files: an index as a safetensors file, and back. Long because writing and reading a file
// are two sides of one layout.

import type { Core } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import { readSafetensors, type SafetensorsData } from '../io/safetensors/read.js';
import { planSafetensors, type SafetensorsPlanned } from '../io/safetensors/write.js';
import { corrupt } from './corrupt.js';
import {
  type Fit,
  METRICS,
  QUALITIES,
  type RowSizes,
  type Segment,
  type Settings,
} from './functions.js';
import { idTensors, readIds } from './id-file.js';
import type { Ids } from './ids.js';
import { checksum, NativeIndex, ROW_ARRAYS, type RowArrays } from './native.js';

const FORMAT = 'fewbits.index';
/** That of files whose queries are centred, and that of all others, which older readers take too. */
const CENTRED_VERSION = '2';
const VERSION = '1';

const bytesOf = (x: ArrayBufferView) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);

/** Names in the file, in the order of ROW_ARRAYS. */
const NAMES: Record<keyof RowSizes, string> = {
  codes: 'codes',
  factors: 'factors',
  norms: 'norms',
  mean_products: 'mean.products',
  tails: 'tails',
  refine_codes: 'refine.codes',
  refine_factors: 'refine.factors',
};

/** A tensor of the file: its bytes, or which array of the rows it is. */
interface Tensor extends SafetensorsPlanned {
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

/** The file of an index but for its rows. */
export interface FilePlan {
  readonly byteLength: number;
  /** What follows on each other: bytes, or all rows of an array. A checksum() of it ends the file. */
  readonly parts: readonly (Iterable<Uint8Array> | keyof RowSizes)[];
}

/** Lays out the file of the rows that have these ids, of which none is removed. */
export function planFile(index: NativeIndex, ids: Ids): FilePlan {
  index.settle();
  const { settings, fit } = index;
  const tensors = tensorsOf(index, ids);
  const check: SafetensorsPlanned = { name: 'checksum', dtype: 'U8', shape: [4] };
  const plan = planSafetensors([...tensors, check], {
    format: FORMAT,
    version: index.rowSizes.mean_products > 0 ? CENTRED_VERSION : VERSION,
    dims: String(settings.dims),
    bits: String(settings.bits),
    metric: settings.metric,
    quality: settings.quality,
    refine: String(settings.refine),
    seed: String(settings.seed),
    rows: String(ids.length),
    // Without 2^53, as which the end of the default ids is kept.
    nextId: String(Math.min(ids.next, Number.MAX_SAFE_INTEGER)),
    ...(fit.expected > 0 ? { fit: String(fit.expected) } : {}),
  });
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const parts = plan.tensors.map(({ name }) => byName.get(name)?.data ?? []);
  return { byteLength: plan.byteLength, parts: [[plan.header], ...parts] };
}

/** The last four bytes of a file with this CRC-32. */
export function writeChecksum(sum: number): Uint8Array<ArrayBuffer> {
  const end = new Uint8Array(4);
  new DataView(end.buffer).setUint32(0, sum, true);
  return end;
}

/**
 * The file of an index, piece by piece; the first piece is all of the header. Removed rows must
 * have been compacted away. The last four bytes are the CRC-32 of what comes before them.
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

/** The pieces of a file as one. */
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

function readSettings(
  metadata: Readonly<Record<string, string>>,
  tails: boolean,
  meanProducts: boolean,
): Settings & { rows: number; nextId: number } {
  const number = (name: string, accepted: (value: number) => boolean) => {
    const text = Object.hasOwn(metadata, name) ? metadata[name] : '';
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || !accepted(value)) {
      throw corrupt(`metadata '${name}' is '${text}'`);
    }
    return value;
  };
  const word = <T extends string>(name: string, accepted: readonly T[]): T => {
    const value = metadata[name] as T;
    if (!accepted.includes(value)) throw corrupt(`metadata '${name}' is '${value}'`);
    return value;
  };
  const metric = word('metric', METRICS);
  return {
    dims: number('dims', (value) => value >= 1 && value <= 16384),
    bits: number('bits', (value) => [1, 2, 4, 8].includes(value)) as Settings['bits'],
    metric,
    quality: word('quality', QUALITIES),
    refine: number('refine', (value) => [0, 4, 8].includes(value)) as Settings['refine'],
    seed: number('seed', (value) => value < 2 ** 32),
    tails,
    meanProducts: meanProducts && metric !== 'l2',
    rows: number('rows', (value) => value < 2 ** 32),
    nextId: number('nextId', () => true),
  };
}

/** How well codes fit what calibrate() learned from; nothing in files of before. */
function readFit({ fit = '0' }: Readonly<Record<string, string>>): Fit {
  const expected = Number(fit);
  if (!(expected >= 0 && expected < Infinity)) throw corrupt(`metadata 'fit' is '${fit}'`);
  return { expected, seen: 0, count: 0 };
}

/** What a file holds, its rows still outside of the index. */
export interface IndexFile {
  /** An index without rows, made as that of the file. */
  readonly index: NativeIndex;
  readonly ids: Ids;
  /** Views of the file. */
  readonly arrays: RowArrays;
  /** The CRC-32 at its end. */
  readonly sum: number;
}

/**
 * Throws CORRUPT_DATA for anything but a file of writeIndex as it was; rows are not looked at. In
 * every version the last four bytes are the checksum of the others.
 */
export function openFile(core: Core, bytes: Uint8Array): IndexFile {
  const file = readSafetensors(bytes);
  const { metadata } = file;
  if (metadata?.format !== FORMAT) {
    throw corrupt(`metadata 'format' is '${metadata?.format}', not '${FORMAT}'`);
  }
  const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4);
  const sum = end.getUint32(0, true);
  if (checksum(core, 0, bytes.subarray(0, -4)) !== sum) {
    throw corrupt('the checksum does not agree with the contents');
  }
  const { version } = metadata;
  if (version !== VERSION && version !== CENTRED_VERSION) {
    throw new FewbitsError(
      'UNSUPPORTED',
      `index file of version '${version}'; this build reads versions ${VERSION} and ${CENTRED_VERSION}`,
    );
  }
  // With a mean in a file of before, queries stay as they are.
  const meanProducts = version === CENTRED_VERSION || !file.has('mean');
  const { rows, nextId, ...settings } = readSettings(metadata, file.has('tails'), meanProducts);
  const index = new NativeIndex(core, settings);
  return filling(index, () => {
    readTransform(file, index);
    index.fit = readFit(metadata);
    const sizes = index.rowSizes;
    const arrays = {} as RowArrays;
    for (const name of ROW_ARRAYS) {
      arrays[name] = sizes[name] === 0 ? new Uint8Array() : file.bytes(NAMES[name]);
      if (arrays[name].length !== sizes[name] * rows) {
        throw corrupt(
          `'${NAMES[name]}' has ${arrays[name].length} bytes, not ${sizes[name] * rows}`,
        );
      }
    }
    return { index, arrays, ids: readIds(file, rows, nextId), sum };
  });
}

function readTransform(file: SafetensorsData, index: NativeIndex): void {
  const { dims } = index.settings;
  const floats = (name: string) => {
    const values = file.float32(name);
    return values.byteOffset === 0 ? values : values.slice();
  };
  if (file.has('mean')) {
    const mean = floats('mean');
    if (mean.length !== dims) throw corrupt("'mean' has the wrong length");
    index.setMean(mean);
  }
  if (!file.has('transform.matrix')) return;
  const matrix = floats('transform.matrix');
  const scales = floats('transform.scales');
  const cut = file.elements('transform.segments');
  if (matrix.length !== dims ** 2 || cut.length !== 2 * scales.length) {
    throw corrupt("'transform' has the wrong shape");
  }
  const segments: Segment[] = Array.from(scales, (scale, i) => ({
    dims: Number(cut[2 * i]),
    bits: Number(cut[2 * i + 1]),
    scale,
  }));
  index.setTransform(matrix, segments);
}

/** Disposes of the index when `work` fails, for which the file is to blame unless memory is full. */
function filling<T>(index: NativeIndex, work: () => T): T {
  try {
    return work();
  } catch (error) {
    index.dispose();
    if (
      error instanceof FewbitsError &&
      (error.code === 'OUT_OF_MEMORY' || error.code === 'CORRUPT_DATA')
    ) {
      throw error;
    }
    throw corrupt(error instanceof Error ? error.message : String(error), error);
  }
}

/** What a file holds. Throws CORRUPT_DATA for anything but a file of writeIndex as it was. */
export function readIndex(core: Core, bytes: Uint8Array): { index: NativeIndex; ids: Ids } {
  const { index, ids, arrays } = openFile(core, bytes);
  return filling(index, () => {
    index.importRows(arrays, ids.length);
    return { index, ids };
  });
}
