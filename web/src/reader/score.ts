// The arithmetic of scores and of reconstruction: levels, finer outermost levels, factors.

/** The float nearest to a number. */
export const f32 = Math.fround;

/** Dot product over `dims` values from `dim` on, in four interleaved sums. */
export function dotLevels(y: Float32Array, levels: Int8Array, dim: number, dims: number): number {
  const sums = new Float32Array(4);
  for (let i = 0; i < dims; i++) sums[i & 3] += f32(y[dim + i] * levels[dim + i]);
  return totalOf(sums);
}

const totalOf = (sums: Float32Array): number =>
  f32(f32(sums[0] + sums[1]) + f32(sums[2] + sums[3]));

/** The decoded word of a row's outermost levels, as in tails.cpp. */
interface Tails {
  /** The amounts to add to levels, each with its position. */
  readonly excesses: readonly (readonly [i: number, excess: number])[];
  /** A multiplier for the row's factor. */
  readonly ratio: number;
}

/** Decodes the word of a row, if it has one. */
export function tailsOf(levels: Int8Array, word: number | undefined): Tails {
  if (word === undefined) return { excesses: [], ratio: 1 };
  const outermost: number[] = [];
  let square = 0;
  levels.forEach((level, i) => {
    square += level * level;
    if (Math.abs(level) === 127) outermost.push(i);
  });
  const { length } = outermost;
  let [cross, own, shift] = [0, 0, 0];
  const excesses = outermost.slice(0, 32).map((i, j) => {
    const bits = Math.min(6, Math.floor(32 / length) + (j < 32 % length ? 1 : 0));
    const cell = (word >>> shift) & (2 ** bits - 1);
    shift += bits;
    // The middle of a cell beyond 111.5, where the outermost cell begins.
    const excess = (32 * bits * ((cell + 0.5) / 2 ** bits) - 15.5) * Math.sign(levels[i]);
    cross += levels[i] * excess;
    own += excess * excess;
    return [i, excess] as const;
  });
  // No level of 4 bits is 0.
  return { excesses, ratio: (square + cross) / (square + 2 * cross + own) };
}

/** The distortion of normal values by number of bits, as in codebook.cpp. */
const DISTORTION: Readonly<Record<number, number>> = {
  1: 0.36338,
  2: 0.117482,
  3: 0.03744,
  4: 0.009497,
  6: 0.001041,
  8: 0.0000877,
};

/** The factor for a row of levels; for directions the one that makes them a unit vector. */
export function wholeFactor(
  x: Float32Array,
  unbiased: number,
  bits: number,
  isDirection: boolean,
): number {
  // The nearest point on the ray is shorter than the unbiased one.
  if (!isDirection || unbiased === 0) return f32(unbiased * (1 - DISTORTION[bits]));
  const sums = new Float32Array(16);
  x.forEach((value, i) => {
    sums[i & 15] += f32(value * value);
  });
  for (let i = 0; i < 4; i++) {
    sums[i] = f32(sums[i] + sums[i + 4]) + f32(sums[i + 8] + sums[i + 12]);
  }
  const square = totalOf(sums);
  return square > 0 ? f32(1 / Math.sqrt(square)) : 0;
}
