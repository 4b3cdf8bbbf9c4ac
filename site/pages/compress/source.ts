// The arrays of a file, or a generated one, read in slices.

import { openNpy, openRawF32, openSafetensors } from 'fewbits/io';

/** An array of float32 values that is read in parts. */
export interface Values {
  readonly name: string;
  /** Its type in the source. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** 'F' when the first index varies fastest. */
  readonly order: 'C' | 'F';
  readonly length: number;
  read(start: number, count: number): Promise<Float32Array>;
}

/** The source of arrays: a file, or the name of a built-in one. */
export type Source = File | BuiltIn;

export const BUILT_IN = {
  normal: 'Normal, 4 million',
  weights: 'Like weights: normal with heavy tails, 4 million',
  uniform: 'Uniform from 0 to 1, 4 million',
  wave: 'A wave, 1 million',
  large: 'Normal, 100 million (400 MB)',
} as const;
export type BuiltIn = keyof typeof BUILT_IN;

const SHAPES: Record<BuiltIn, readonly [number, number]> = {
  normal: [4000, 1000],
  weights: [4000, 1000],
  uniform: [4000, 1000],
  wave: [1000, 1000],
  large: [100_000, 1000],
};

/** A number in (0, 1) for each index, so that any part can be generated separately. */
function random(index: number): number {
  let h = Math.imul(index ^ (index >>> 16), 0x21f0aaad) ^ 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (((h ^ (h >>> 15)) >>> 0) + 0.5) / 2 ** 32;
}

const normal = (i: number) =>
  Math.sqrt(-2 * Math.log(random(2 * i))) * Math.cos(2 * Math.PI * random(2 * i + 1));

const GENERATORS: Record<BuiltIn, (i: number) => number> = {
  normal,
  large: normal,
  uniform: (i) => random(i),
  // Student's t with four degrees of freedom (Bailey, 1994), small like weights.
  weights: (i) => {
    const u = random(2 * i);
    return 0.02 * 2 * Math.sqrt(u ** -0.5 - 1) * Math.cos(2 * Math.PI * random(2 * i + 1));
  },
  wave: (i) => Math.sin(i / 5000) * Math.cos(i / 70),
};

function builtIn(name: BuiltIn): Values {
  const value = GENERATORS[name];
  const shape = SHAPES[name];
  return {
    name,
    dtype: 'F32',
    shape,
    order: 'C',
    length: shape[0] * shape[1],
    async read(start, count) {
      const values = new Float32Array(count);
      for (let i = 0; i < count; i++) values[i] = value(start + i);
      return values;
    },
  };
}

const NUMBERS = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8'];

/** Opens the arrays of a source; only headers are read. */
export async function open(source: Source): Promise<Values[]> {
  if (typeof source === 'string') return [builtIn(source)];
  const name = source.name.replace(/\.[^.]*$/, '');
  if (/\.safetensors$/i.test(source.name)) {
    const file = await openSafetensors(source);
    return file.tensors
      .filter(({ dtype }) => NUMBERS.includes(dtype))
      .map(({ name, dtype, shape }) => ({
        name,
        dtype,
        shape,
        order: 'C',
        length: shape.reduce((product, size) => product * size, 1),
        read: (start, count) => file.float32(name, start, count),
      }));
  }
  if (/\.npy$/i.test(source.name)) {
    const { type, shape, fortranOrder, length, readFloat32 } = await openNpy(source);
    const order = fortranOrder ? 'F' : 'C';
    return [{ name, dtype: type.toUpperCase(), shape, order, length, read: readFloat32 }];
  }
  const { length, readFloat32 } = openRawF32(source);
  return [{ name, dtype: 'F32', shape: [length], order: 'C', length, read: readFloat32 }];
}
