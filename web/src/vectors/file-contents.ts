// The contents of an index file apart from its rows, checked: without WebAssembly, for every reader.

import { FewbitsError } from '../core/errors.js';
import { corrupt } from './corrupt.js';
import {
  type Fit,
  isDistance,
  METRICS,
  QUALITIES,
  type RowSizes,
  type Segment,
  type Settings,
} from './functions.js';

export const FORMAT = 'fewbits.index';
/**
 * The versions of files with 3 or 6 bits per dimension, of files of bits, of files whose queries are centred,
 * and of all others. Each new kind of file has a new version, which older readers refuse by name.
 */
export const PLANES_VERSION = '4';
export const BITS_VERSION = '3';
export const CENTRED_VERSION = '2';
export const VERSION = '1';
const VERSIONS: readonly unknown[] = [VERSION, CENTRED_VERSION, BITS_VERSION, PLANES_VERSION];

/** Names in the file, in the order of ROW_ARRAYS. */
export const NAMES: Record<keyof RowSizes, string> = {
  codes: 'codes',
  factors: 'factors',
  norms: 'norms',
  mean_products: 'mean.products',
  tails: 'tails',
  refine_codes: 'refine.codes',
  refine_factors: 'refine.factors',
};

/** The part of a safetensors file in memory that is needed here. bytes() throws for unknown names. */
export interface Tensors {
  readonly metadata: Readonly<Record<string, string>>;
  has(name: string): boolean;
  bytes(name: string): Uint8Array;
}

/** Everything in a file except its rows and ids. */
export interface Contents {
  readonly settings: Settings;
  readonly fit: Fit;
  readonly mean: Float32Array | null;
  readonly learned: { readonly matrix: Float32Array; readonly segments: Segment[] } | null;
  readonly rows: number;
  readonly nextId: number;
  /** The CRC-32 at the end of the file. */
  readonly sum: number;
}

function readSettings(
  metadata: Readonly<Record<string, string>>,
  tails: boolean,
  meanProducts: boolean,
): Settings & { rows: number; nextId: number } {
  const number = (name: string, accepted: (value: number) => boolean) => {
    const text = metadata[name] ?? '';
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
  const ofBits = metric === 'hamming';
  if (ofBits !== (metadata.version === BITS_VERSION)) {
    throw corrupt(`metadata 'metric' is '${metric}' in version '${metadata.version}'`);
  }
  const widths = ofBits ? [1] : metadata.version === PLANES_VERSION ? [3, 6] : [1, 2, 4, 8];
  return {
    dims: number('dims', (value) => value >= 1 && value <= 16384),
    bits: number('bits', (value) => widths.includes(value)) as Settings['bits'],
    metric,
    quality: word('quality', QUALITIES),
    refine: number('refine', (value) =>
      (ofBits ? [0] : [0, 4, 8]).includes(value),
    ) as Settings['refine'],
    seed: number('seed', (value) => value < 2 ** 32),
    tails,
    meanProducts: meanProducts && !isDistance(metric),
    rows: number('rows', (value) => value < 2 ** 32),
    nextId: number('nextId', () => true),
  };
}

/** The fit of the codes to the sample of calibrate(); 0 in files of earlier versions. */
function readFit({ fit = '0' }: Readonly<Record<string, string>>): Fit {
  const expected = Number(fit);
  if (!(expected >= 0 && expected < Infinity)) throw corrupt(`metadata 'fit' is '${fit}'`);
  return { expected, seen: 0, count: 0 };
}

/** The learned mean and transform, in memory of their own. */
function readLearned(file: Tensors, dims: number): Pick<Contents, 'mean' | 'learned'> {
  const words = (name: string) => {
    const { buffer, byteLength } = file.bytes(name).slice();
    if (byteLength % 4 !== 0) throw corrupt(`'${name}' has the wrong length`);
    return buffer;
  };
  const floats = (name: string) => new Float32Array(words(name));
  const mean = file.has('mean') ? floats('mean') : null;
  if (mean !== null && mean.length !== dims) throw corrupt("'mean' has the wrong length");
  if (!file.has('transform.matrix')) return { mean, learned: null };
  const matrix = floats('transform.matrix');
  const scales = floats('transform.scales');
  const cut = new Uint32Array(words('transform.segments'));
  if (matrix.length !== dims ** 2 || cut.length !== 2 * scales.length) {
    throw corrupt("'transform' has the wrong shape");
  }
  const segments: Segment[] = Array.from(scales, (scale, i) => ({
    dims: cut[2 * i],
    bits: cut[2 * i + 1],
    scale,
  }));
  return { mean, learned: { matrix, segments } };
}

/**
 * Reads the contents of a file. Throws CORRUPT_DATA for anything but an unchanged file of writeIndex. In
 * every version the last four bytes are the checksum of all others, which `checksum` computes.
 */
export function readContents(
  file: Tensors,
  bytes: Uint8Array,
  checksum: (bytes: Uint8Array) => number,
): Contents {
  const { metadata } = file;
  if (metadata?.format !== FORMAT) {
    throw corrupt(`metadata 'format' is '${metadata?.format}', not '${FORMAT}'`);
  }
  const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4);
  const sum = end.getUint32(0, true);
  if (checksum(bytes.subarray(0, -4)) !== sum) {
    throw corrupt('the checksum does not agree with the contents');
  }
  const { version } = metadata;
  if (!VERSIONS.includes(version)) {
    throw new FewbitsError(
      'UNSUPPORTED',
      `index file of version '${version}'; this build reads versions ${VERSIONS.join(', ')}`,
    );
  }
  // With a mean in a file of the first version, queries are not centred.
  const meanProducts = version !== VERSION || !file.has('mean');
  const { rows, nextId, ...settings } = readSettings(metadata, file.has('tails'), meanProducts);
  const learned = blamed(() => readLearned(file, settings.dims));
  return { settings, fit: readFit(metadata), ...learned, rows, nextId, sum };
}

/** Views of the row arrays of a file, which have `sizes` bytes per row. */
export function rowArrays(
  file: Tensors,
  rows: number,
  sizes: RowSizes,
): Record<keyof RowSizes, Uint8Array> {
  const read = (array: keyof RowSizes): Uint8Array => {
    const length = sizes[array] * rows;
    const bytes = sizes[array] === 0 ? new Uint8Array() : file.bytes(NAMES[array]);
    if (bytes.length !== length) {
      throw corrupt(`'${NAMES[array]}' has ${bytes.length} bytes, not ${length}`);
    }
    return bytes;
  };
  const names = Object.keys(NAMES) as (keyof RowSizes)[];
  return Object.fromEntries(names.map((array) => [array, read(array)])) as Record<
    keyof RowSizes,
    Uint8Array
  >;
}

/** Runs `work` on a file; errors become CORRUPT_DATA, except when memory is full. */
export function blamed<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (
      error instanceof FewbitsError &&
      (error.code === 'OUT_OF_MEMORY' || error.code === 'CORRUPT_DATA')
    ) {
      throw error;
    }
    throw corrupt(error instanceof Error ? error.message : String(error), error);
  }
}
