// The command `fewbits embed-quantize`: quantizes an array of numbers to packed codes in safetensors.

import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Fewbits,
  FewbitsError,
  load,
  type UniformOptions,
  type UniformQuantized,
} from 'fewbits';
import { type NpyFile, openNpy, uniformToSafetensors, writeSafetensors } from 'fewbits/io';
import { withFile } from './files.js';
import { checkOutput, writeOutput } from './output.js';
import { print } from './print.js';
import { bytesText, oneOf, paths, printable, wholeNumber } from './text.js';

export const EMBED_QUANTIZE_HELP = `fewbits embed-quantize <in.npy> <out.safetensors> [--bits N]

Quantizes an array of numbers, such as embeddings with one vector a row, and writes its packed codes and
scales to a safetensors file that fewbits/io reads again (uniformFromSafetensors). The array is read in
parts; only the result is held in memory. The output may be - for the standard output.

  --bits N             2 to 8 (default 4)
  --scheme SCHEME      symmetric (default), asymmetric or affine
  --block N            values that share a scale (default: a row)
  --scale-type TYPE    f32 (default) or f16
  --name NAME          of the array in the file (default: the name of the npy file)
  --quiet              print nothing but errors`;

export async function embedQuantize(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      bits: { type: 'string', default: '4' },
      scheme: { type: 'string', default: 'symmetric' },
      block: { type: 'string' },
      'scale-type': { type: 'string', default: 'f32' },
      name: { type: 'string' },
      quiet: { type: 'boolean', default: false },
    },
  });
  const [input, output] = paths(positionals, ['in.npy', 'out.safetensors']);
  const options = {
    bits: wholeNumber('bits', values.bits, 2, 8),
    scheme: oneOf('scheme', values.scheme, ['symmetric', 'asymmetric', 'affine']),
    scaleType: oneOf('scale-type', values['scale-type'], ['f32', 'f16']),
  };
  const { block } = values;
  const fixedBlock = block === undefined ? undefined : wholeNumber('block', block, 1, 2 ** 40);
  await withFile(input, async (file) => {
    const out = await checkOutput(output, [file]);
    const npy = await openNpy(file);
    const fb = await load();
    const rowLength = Math.max(1, npy.shape.at(-1) ?? 1);
    const quantized = await quantizeInParts(fb, npy, {
      ...options,
      block: fixedBlock ?? rowLength,
    });
    const name = values.name ?? basename(input, '.npy');
    const { tensors, metadata } = uniformToSafetensors(name, quantized, npy.shape);
    const bytes = writeSafetensors(tensors, metadata);
    await writeOutput(out, [bytes]);
    if (values.quiet || out.stream) return;
    const [before, after] = [file.size, bytes.length].map(bytesText);
    await print(
      `${printable(output)}: ${npy.shape.join(' x ')} at ${options.bits} bits, ${before} to ${after}`,
    );
  });
}

/**
 * Gives the same result as quantizing the whole array: parts begin at whole blocks and at whole bytes of
 * codes.
 */
async function quantizeInParts(
  fb: Fewbits,
  npy: NpyFile,
  options: UniformOptions & { block: number },
): Promise<UniformQuantized> {
  if (npy.fortranOrder && npy.shape.length > 1) {
    throw new FewbitsError('UNSUPPORTED', 'the array is in Fortran order: save it in C order');
  }
  const unit = options.block * 8;
  const step = Math.max(1, Math.floor((1 << 22) / unit)) * unit;
  const parts: UniformQuantized[] = [];
  for (let start = 0; start < npy.length || parts.length === 0; start += step) {
    const values = await npy.readFloat32(start, Math.min(step, npy.length - start));
    try {
      parts.push(fb.uniform.quantize(values, options));
    } catch (error) {
      if (!(error instanceof FewbitsError) || start === 0) throw error;
      const where = `in the part that begins at value ${start}`;
      throw new FewbitsError(error.code, `${where}: ${error.message}`, { cause: error });
    }
  }
  const [first] = parts as [UniformQuantized];
  return {
    ...first,
    length: npy.length,
    codes: join(
      parts.map(({ codes }) => codes),
      Uint8Array,
    ),
    scales: join(
      parts.map(({ scales }) => scales),
      Float32Array,
    ),
    zeroPoints:
      first.zeroPoints &&
      join(
        parts.map(({ zeroPoints }) => zeroPoints as Int32Array),
        Int32Array,
      ),
    minima:
      first.minima &&
      join(
        parts.map(({ minima }) => minima as Float32Array),
        Float32Array,
      ),
    byteLength: parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
  };
}

function join<T extends Uint8Array | Float32Array | Int32Array>(
  arrays: readonly T[],
  type: new (length: number) => T,
): T {
  const joined = new type(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    joined.set(array, at);
    at += array.length;
  }
  return joined;
}
