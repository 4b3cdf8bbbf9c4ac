// The page's worker: quantizes an array in slices, and writes a file of the codes.

import { type Fewbits, load, type UniformOptions, type UniformQuantized } from 'fewbits';
import { encodeF16, planSafetensors, type SafetensorsPlanned } from 'fewbits/io';
import { serve, type Work } from '../../shared/worker.ts';
import { open, type Source, type Values } from './source.ts';

/** The visitor's choices. `block` is null for a single scale. */
export interface Options {
  readonly bits: number;
  readonly scheme: 'symmetric' | 'asymmetric' | 'affine';
  readonly block: number | null;
  readonly scaleType: 'f32' | 'f16';
}

export interface Described {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly length: number;
}

export interface Compressed {
  /** A safetensors file. */
  readonly file: Blob;
  readonly length: number;
  /** Bytes of codes, scales, zero points and minima. */
  readonly byteLength: number;
  readonly blocks: number;
  readonly mse: number;
  readonly mae: number;
  readonly maxAbs: number;
  readonly sqnrDb: number;
  readonly min: number;
  readonly max: number;
  /** Counts of the values in equal parts of the range, before and after. */
  readonly before: Float64Array;
  readonly after: Float64Array;
  readonly first: {
    readonly x: Float32Array;
    readonly codes: Int16Array;
    readonly y: Float32Array;
  };
  readonly milliseconds: number;
  /** WebAssembly memory at the end; it never shrinks. */
  readonly memoryBytes: number;
}

/** Values in memory at a time: 4 MB of float32. */
const SLICE = 2 ** 20;
const BINS = 120;
const FIRST = 24;

/** The length of slices that begin at blocks and at whole bytes of codes. */
function sliceLength(block: number | null): number {
  let unit = block ?? 8;
  while (unit % 8 !== 0) unit *= 2;
  return Math.max(unit, SLICE - (SLICE % unit));
}

async function* slices(values: Values, length: number) {
  for (let start = 0; start < values.length; start += length) {
    yield { start, x: await values.read(start, Math.min(length, values.length - start)) };
  }
}

/** Widens the range by values; throws with the position of one that is NaN or infinite. */
function widen(x: Float32Array, start: number, range: { min: number; max: number }): void {
  let { min, max } = range;
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (value < min) min = value;
    if (value > max) max = value;
    if (value - value !== 0) {
      throw new RangeError(`value ${start + i} is ${value}; only finite values can be quantized`);
    }
  }
  range.min = min;
  range.max = max;
}

function count(x: Float32Array, { min, max }: { min: number; max: number }, bins: Float64Array) {
  const scale = max > min ? bins.length / (max - min) : 0;
  const last = bins.length - 1;
  for (let i = 0; i < x.length; i++) {
    const bin = Math.floor((x[i] - min) * scale);
    bins[Math.max(0, Math.min(bin, last))]++;
  }
}

interface Piece {
  readonly q: UniformQuantized;
  readonly codes: Uint8Array;
  readonly y: Float32Array;
}

function quantizeSlice(
  fb: Fewbits,
  x: Float32Array,
  range: { min: number; max: number },
  { bits, scheme, block, scaleType }: Options,
): Piece {
  const options: UniformOptions = { bits, scheme, scaleType };
  if (block !== null) {
    const q = fb.uniform.quantize(x, { ...options, block });
    return { q, codes: q.codes, y: fb.uniform.dequantize(q) };
  }
  // A slice with the smallest and the largest of all values added has the scale of all values.
  const carrying = new Float32Array(x.length + 2);
  carrying.set(x);
  carrying.set([range.min, range.max], x.length);
  const q = fb.uniform.quantize(carrying, options);
  return {
    q,
    codes: fb.bits.pack(fb.uniform.codes(q).subarray(0, x.length), bits),
    y: fb.uniform.dequantize(q).subarray(0, x.length),
  };
}

function joined<T extends Float32Array | Int32Array>(
  type: new (length: number) => T,
  parts: readonly T[],
): T {
  const all = new type(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The codes and their parameters as a safetensors file; its keys are explained on the page. */
class OutputFile {
  readonly #codes: Blob[] = [];
  #codeBytes = 0;
  readonly #scales: Float32Array[] = [];
  readonly #zeroPoints: Int32Array[] = [];
  readonly #minima: Float32Array[] = [];

  add({ q, codes }: Piece): void {
    // The browser can move a blob from memory to the disk.
    this.#codes.push(new Blob([codes as Uint8Array<ArrayBuffer>]));
    this.#codeBytes += codes.length;
    this.#scales.push(q.scales);
    if (q.zeroPoints) this.#zeroPoints.push(q.zeroPoints);
    if (q.minima) this.#minima.push(q.minima);
  }

  build(values: Values, options: Options) {
    const { bits, scheme, block, scaleType } = options;
    // With a single scale, every slice has the same one.
    const some = <T extends Float32Array | Int32Array>(parts: readonly T[]) =>
      block === null ? parts.slice(0, 1) : parts;
    const scales = joined(Float32Array, some(this.#scales));
    const zeroPoints = joined(Int32Array, some(this.#zeroPoints));
    const minima = joined(Float32Array, some(this.#minima));
    const half = scaleType === 'f16';
    const float = half ? 'F16' : 'F32';
    const contents = new Map<string, BlobPart[]>([
      ['codes', this.#codes],
      ['scales', [half ? encodeF16(scales) : (scales as Float32Array<ArrayBuffer>)]],
      ['zero_points', [zeroPoints as Int32Array<ArrayBuffer>]],
      ['minima', [half ? encodeF16(minima) : (minima as Float32Array<ArrayBuffer>)]],
    ]);
    const tensors: SafetensorsPlanned[] = [
      { name: 'codes', dtype: 'U8', shape: [this.#codeBytes] },
      { name: 'scales', dtype: float, shape: [scales.length] },
    ];
    if (scheme === 'asymmetric') {
      tensors.push({ name: 'zero_points', dtype: 'I32', shape: [zeroPoints.length] });
    }
    if (scheme === 'affine') tensors.push({ name: 'minima', dtype: float, shape: [minima.length] });
    const plan = planSafetensors(tensors, {
      format: 'fewbits.uniform',
      version: '1',
      bits: String(bits),
      scheme,
      block: String(block ?? values.length),
      length: String(values.length),
      shape: JSON.stringify(values.shape),
      order: values.order,
      name: values.name,
      dtype: values.dtype,
    });
    const parts: BlobPart[] = [plan.header];
    for (const { name } of plan.tensors) parts.push(...(contents.get(name) ?? []));
    return {
      file: new Blob(parts, { type: 'application/octet-stream' }),
      byteLength: plan.tensors.reduce((sum, tensor) => sum + tensor.byteLength, 0),
      blocks: scales.length,
    };
  }
}

async function find(source: Source, tensor: string): Promise<Values> {
  const values = (await open(source)).find(({ name }) => name === tensor);
  if (!values) throw new RangeError(`there is no tensor “${tensor}” in this file`);
  return values;
}

/** The smallest and the largest of all values. */
async function rangeOf(values: Values, slice: number, work: Work) {
  const range = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  for await (const { start, x } of slices(values, slice)) {
    widen(x, start, range);
    work.progress((start + x.length) / values.length / 3, 'Finding the range');
    await work.checkpoint();
  }
  return range;
}

const calls = {
  /** Lists the arrays of a source. */
  async describe({ source }: { source: Source }): Promise<Described[]> {
    const all = await open(source);
    return all.map(({ name, dtype, shape, length }) => ({ name, dtype, shape, length }));
  },

  /** Quantizes an array in two passes of slices: its range, then its codes. */
  async compress(
    { source, tensor, options }: { source: Source; tensor: string; options: Options },
    work: Work,
  ): Promise<Compressed> {
    const start = performance.now();
    const fb = await load();
    const values = await find(source, tensor);
    const { length } = values;
    if (length === 0) throw new RangeError('the array is empty');
    const slice = sliceLength(options.block);

    const range = await rangeOf(values, slice, work);
    const before = new Float64Array(BINS);
    const after = new Float64Array(BINS);
    const file = new OutputFile();
    const sums = { squared: 0, absolute: 0, maxAbs: 0, signal: 0 };
    const first = {
      x: new Float32Array(0),
      codes: new Int16Array(0),
      y: new Float32Array(0),
    };
    const zeros = new Float32Array(Math.min(slice, length));
    for await (const { start, x } of slices(values, slice)) {
      const piece = quantizeSlice(fb, x, range, options);
      file.add(piece);
      const error = fb.compare(x, piece.y);
      sums.squared += error.mse * x.length;
      sums.absolute += error.mae * x.length;
      sums.maxAbs = Math.max(sums.maxAbs, error.maxAbs);
      sums.signal += fb.compare(x, zeros.subarray(0, x.length)).mse * x.length;
      count(x, range, before);
      count(piece.y, range, after);
      if (start === 0) {
        first.x = x.slice(0, FIRST);
        first.y = piece.y.slice(0, FIRST);
        first.codes = Int16Array.from(fb.uniform.codes(piece.q).subarray(0, first.x.length));
      }
      work.progress((1 + (2 * (start + x.length)) / length) / 3, 'Quantizing');
      await work.checkpoint();
    }
    const { squared, absolute, maxAbs, signal } = sums;
    return {
      ...file.build(values, options),
      length,
      mse: squared / length,
      mae: absolute / length,
      maxAbs,
      sqnrDb: squared === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / squared),
      ...range,
      before,
      after,
      first,
      milliseconds: performance.now() - start,
      memoryBytes: fb.memoryBytes,
    };
  },
};

export type CompressCalls = typeof calls;
serve(calls);
