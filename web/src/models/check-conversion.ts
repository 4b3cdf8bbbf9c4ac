// Checks of conversions from callers, before anything is transferred.

import {
  attached,
  describe,
  integer,
  invalid,
  oneOf,
  options,
  toFloat32,
  typedArray,
} from '../core/arguments.js';
import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import { isArrayBuffer } from '../core/kinds.js';
import type { Conversion, SourceType } from './convert.js';

const NAMES: readonly (keyof Conversion)[] = [
  'bytes',
  'from',
  'to',
  'rowLength',
  'importance',
  'scales',
  'scaledColumns',
  'spare',
];

const targets = Object.keys(ggmlTypes) as GgmlTypeName[];
const sources: readonly SourceType[] = [...targets, 'F8_E4M3', 'F8_E5M2'];

/** Checks a conversion. */
export function checkConversion(given: unknown): Conversion {
  const { importance, scales, scaledColumns, spare, ...o } = options<Conversion>(
    'conversion',
    given,
    NAMES,
  );
  if (spare !== undefined && !isArrayBuffer(spare)) {
    throw invalid(`spare must be an ArrayBuffer, got ${describe(spare)}`);
  }
  const length = (name: string, value: unknown) => integer(name, value, 1, Number.MAX_SAFE_INTEGER);
  return {
    bytes: typedArray('bytes', o.bytes, ['Uint8Array']),
    from: oneOf('from', o.from, sources),
    to: oneOf('to', o.to, targets),
    rowLength: length('rowLength', o.rowLength),
    ...(importance !== undefined && { importance: toFloat32('importance', importance) }),
    ...(scales !== undefined && { scales: toFloat32('scales', scales) }),
    ...(scaledColumns !== undefined && { scaledColumns: length('scaledColumns', scaledColumns) }),
    ...(spare !== undefined && { spare: attached('spare', spare) }),
  };
}
