// Decoding of uniformly quantized arrays, with the checks before it.

import { integer, invalid, oneOf, output } from '../../core/arguments.js';
import type { Core } from '../../core/core.js';
import { apart, CHUNK, give, windows } from '../../core/windows.js';
import { packedBytes } from '../bits.js';
import { arrayField, fieldsOf } from '../quantized.js';
import type { BlocksAt } from './functions.js';
import { inWindow, type Parameters } from './layout.js';
import { formatNumber, type Numbers, SCHEMES } from './names.js';
import { Room } from './room.js';
import type { UniformQuantized } from './types.js';

/** The result of quantize, possibly read back from elsewhere, after it is checked. */
export interface Checked {
  readonly q: UniformQuantized;
  readonly format: number;
  readonly parameters: Parameters;
}

/** The number of parameters: one per block, or one per column. */
function countOf(q: UniformQuantized, length: number): number {
  if (q.columns === null) {
    return Math.ceil(length / integer('q.block', q.block, 1, Number.MAX_SAFE_INTEGER));
  }
  const columns = integer('q.columns', q.columns, 0, Number.MAX_SAFE_INTEGER);
  if (length % Math.max(columns, 1) !== 0) {
    throw invalid(`q.length ${length} is not a number of rows of ${columns} columns`);
  }
  return length === 0 ? 0 : columns;
}

export function checked(numbers: Numbers, given: unknown): Checked {
  const q = fieldsOf<UniformQuantized>(
    'uniform',
    given,
    ({ codes, bits, scheme, length, block, columns, scales, zeroPoints, minima }) => ({
      codes,
      bits,
      scheme,
      length,
      block,
      columns,
      scales,
      zeroPoints,
      minima,
    }),
  );
  const bits = integer('q.bits', q.bits, 2, 8);
  const scheme = oneOf('q.scheme', q.scheme, SCHEMES);
  const length = integer('q.length', q.length, 0, Number.MAX_SAFE_INTEGER);
  const count = countOf(q, length);
  const what = () => `${length} codes of ${bits} bits`;
  const codes = arrayField('q.codes', q.codes, 'Uint8Array', packedBytes(length, bits), what);
  const scales = arrayField('q.scales', q.scales, 'Float32Array', count);
  const parameters: Parameters = {
    scales,
    minima: scheme === 'affine' ? arrayField('q.minima', q.minima, 'Float32Array', count) : null,
    zeroPoints:
      scheme === 'asymmetric'
        ? arrayField('q.zeroPoints', q.zeroPoints, 'Int32Array', count)
        : null,
  };
  const format = formatNumber(bits, numbers.scheme[scheme], 0, 0);
  return { q: { ...q, codes }, format, parameters };
}

/** Decodes the `n` codes at `codesAt`, from value `start` on, to `outAt`. */
function decodeWindow(
  room: Room,
  { q, format, parameters }: Checked,
  blocksAt: BlocksAt,
  codesAt: number,
  start: number,
  n: number,
  outAt: number,
): void {
  const { wasm } = room;
  const { block, columns } = q;
  const { scales, minima, zeroPoints } = blocksAt;
  if (columns !== null) {
    const phase = start % columns;
    wasm.uniform_decode_columns(
      codesAt,
      n,
      phase,
      columns,
      scales,
      minima,
      zeroPoints,
      format,
      outAt,
    );
  } else if (block !== null) {
    const phase = start % block;
    const first = (start - phase) / block;
    room.giveParameters(parameters, first, Math.ceil((phase + n) / block), blocksAt);
    const near = inWindow(phase, block);
    wasm.uniform_decode(
      codesAt,
      n,
      near.phase,
      near.block,
      scales,
      minima,
      zeroPoints,
      format,
      outAt,
    );
  }
}

export function decode(core: Core, checked: Checked, givenOut: unknown): Float32Array {
  const { q, parameters: given } = checked;
  const out = output(Float32Array, q.length, givenOut);
  if (q.length === 0) return out;
  const { bits, block, columns } = q;
  const codes = apart(q.codes, out, givenOut);
  const parameters = {
    scales: apart(given.scales, out, givenOut),
    minima: given.minima && apart(given.minima, out, givenOut),
    zeroPoints: given.zeroPoints && apart(given.zeroPoints, out, givenOut),
  };
  const own = { ...checked, parameters };
  const { memory } = core;
  const room = new Room(core);
  const count = parameters.scales.length;
  const most = columns ?? (block === null ? 0 : Math.min(Math.ceil(CHUNK / block) + 1, count));
  room.with(most, (outAt, codesAt, _, blocksAt) => {
    room.clearOthers(parameters, most, blocksAt);
    if (columns !== null) room.giveParameters(parameters, 0, count, blocksAt);
    windows(q.length, CHUNK, (start, n) => {
      const first = (start / 8) * bits;
      const length = packedBytes(n, bits);
      give(memory, codes, first, length, codesAt);
      decodeWindow(room, own, blocksAt, codesAt, start, n, outAt);
      out.set(memory.f32(outAt, n), start);
    });
  });
  return out;
}
