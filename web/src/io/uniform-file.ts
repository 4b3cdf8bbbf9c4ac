// Uniformly quantized arrays in safetensors files.

import { typedArray } from '../core/arguments.js';
import type { UniformQuantized } from '../families/uniform/types.js';
import { checkShape, corrupt, describe, elementCount, invalid, looking, quote } from './checks.js';
import type { SafetensorsType } from './safetensors/format.js';
import type { SafetensorsData } from './safetensors/read.js';
import type { SafetensorsInput } from './safetensors/write.js';

/** A uniformly quantized array with the shape of the original. */
export interface ShapedUniform {
  readonly quantized: UniformQuantized;
  readonly shape: readonly number[];
}

const keyOf = (name: string) => `fewbits.uniform.${name}`;

/**
 * The tensors and metadata that store a uniformly quantized array in a safetensors file: `name.codes` (U8,
 * packed), `name.scales` (F32 or F16), `name.zero_points` (I32) or `name.minima` if the scheme has them, and
 * the rest as JSON under `fewbits.uniform.name`. To store several arrays in a file, combine their tensors and
 * metadata.
 *
 * @throws FewbitsError INVALID_ARGUMENT for anything but a result of `uniform.quantize`, and for a shape that
 *   does not fit
 */
export function uniformToSafetensors(
  name: string,
  quantized: UniformQuantized,
  shape?: readonly number[] | undefined,
): { tensors: SafetensorsInput[]; metadata: Record<string, string> } {
  if (typeof name !== 'string') throw invalid(`name must be a string, got ${describe(name)}`);
  return looking('what was quantized', () => partsOf(name, quantized, shape ?? [quantized.length]));
}

function partsOf(name: string, quantized: UniformQuantized, shape: readonly number[]) {
  const { bits, scheme, length, block, columns, scaleType } = quantized;
  const codes = typedArray('codes', quantized.codes, ['Uint8Array']);
  const scales = typedArray('scales', quantized.scales, ['Float32Array']);
  const zeroPoints =
    quantized.zeroPoints && typedArray('zeroPoints', quantized.zeroPoints, ['Int32Array']);
  const minima = quantized.minima && typedArray('minima', quantized.minima, ['Float32Array']);
  if (checkShape(quote(name), shape) !== length) {
    throw invalid(`${quote(name)}: shape [${shape}] does not have the ${length} values quantized`);
  }
  const dtype: SafetensorsType = scaleType === 'f16' ? 'F16' : 'F32';
  const tensors: SafetensorsInput[] = [
    { name: `${name}.codes`, shape: [codes.length], data: codes },
    { name: `${name}.scales`, shape: [scales.length], data: scales, dtype },
  ];
  if (zeroPoints) {
    tensors.push({ name: `${name}.zero_points`, shape: [zeroPoints.length], data: zeroPoints });
  }
  if (minima) {
    tensors.push({ name: `${name}.minima`, shape: [minima.length], data: minima, dtype });
  }
  const description = { bits, scheme, length, block, columns, scaleType, shape };
  return { tensors, metadata: { [keyOf(name)]: JSON.stringify(description) } };
}

/** The names of the uniformly quantized arrays in a file. */
export function uniformNames(file: SafetensorsData): string[] {
  const prefix = keyOf('');
  return looking('the file', () =>
    Object.keys(file.metadata)
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length)),
  );
}

/**
 * Reads such an array from a file.
 *
 * @throws FewbitsError INVALID_ARGUMENT when the file has no such array, CORRUPT_DATA when its description
 *   and tensors contradict each other
 */
export function uniformFromSafetensors(file: SafetensorsData, name: string): ShapedUniform {
  return looking('the file', () => shapedFrom(file, name));
}

function shapedFrom(file: SafetensorsData, name: string): ShapedUniform {
  const described = describedArray(file, name);
  const { bits, scheme, length, block, columns, scaleType, shape } = described;
  const count = block === null ? length && (columns as number) : Math.ceil(length / block);
  const part = (suffix: string, dtype: string, size: number): string => {
    const tensor = `${name}.${suffix}`;
    const info = file.has(tensor) ? file.tensors.find((other) => other.name === tensor) : undefined;
    if (info?.dtype !== dtype || info.shape.length !== 1 || info.shape[0] !== size) {
      throw wrong(name, `${quote(tensor)} is not ${size} values of ${dtype}`);
    }
    return tensor;
  };
  const scaleDtype = scaleType === 'f16' ? 'F16' : 'F32';
  const codes = file.bytes(part('codes', 'U8', Math.ceil((length * bits) / 8)));
  const scales = file.float32(part('scales', scaleDtype, count));
  const zeroPoints =
    scheme === 'asymmetric'
      ? (file.elements(part('zero_points', 'I32', count)) as Int32Array)
      : null;
  const minima = scheme === 'affine' ? file.float32(part('minima', scaleDtype, count)) : null;
  const scaleBytes = scaleType === 'f16' ? 2 : 4;
  const byteLength =
    codes.length + scaleBytes * (count + (minima?.length ?? 0)) + 4 * (zeroPoints?.length ?? 0);
  const layout = { codes, bits, scheme, length, block, columns, scaleType };
  return {
    quantized: { kind: 'uniform', ...layout, scales, zeroPoints, minima, byteLength },
    shape,
  };
}

type Description = Pick<
  UniformQuantized,
  'bits' | 'scheme' | 'length' | 'block' | 'columns' | 'scaleType'
> & { readonly shape: readonly number[] };

const wrong = (name: string, what: string) => corrupt(`quantized array ${quote(name)}: ${what}`);

/** The description of an array in the file, checked for consistency. */
function describedArray(file: SafetensorsData, name: string): Description {
  const text = file.metadata[keyOf(name)];
  if (text === undefined) {
    throw invalid(
      `there is no quantized array ${describe(name)}; the file has ${uniformNames(file)}`,
    );
  }
  let given: Partial<Description>;
  try {
    given = JSON.parse(text) ?? {};
  } catch (cause) {
    throw corrupt(`quantized array ${quote(name)}: its description is not JSON`, cause);
  }
  const { bits, scheme, length, block = null, columns = null, scaleType, shape } = given;
  if (!isNatural(bits) || bits < 2 || bits > 8) throw wrong(name, 'bits are not 2 to 8');
  if (scheme !== 'symmetric' && scheme !== 'asymmetric' && scheme !== 'affine') {
    throw wrong(name, 'its scheme is unknown');
  }
  if (scaleType !== 'f32' && scaleType !== 'f16') throw wrong(name, 'its scale type is unknown');
  const shaped = Array.isArray(shape) && shape.every(isNatural) && elementCount(shape) === length;
  if (!isNatural(length) || !shaped) throw wrong(name, 'its shape and its length do not agree');
  const byBlock = isNatural(block) && block > 0 && columns === null;
  const byColumn =
    block === null && isNatural(columns) && (columns === 0 ? length === 0 : length % columns === 0);
  if (!byBlock && !byColumn) throw wrong(name, 'its blocks are not described');
  return { bits, scheme, length, block, columns, scaleType, shape };
}

const isNatural = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
