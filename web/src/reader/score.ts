// The scores of candidates: levels times a query in float, with finer outermost levels.

const f32 = Math.fround;

/** Dot product over `dims` values from `dim` on, in four interleaved sums. */
export function dotLevels(y: Float32Array, levels: Int8Array, dim: number, dims: number): number {
  const sums = new Float32Array(4);
  for (let i = 0; i < dims; i++) sums[i & 3] += f32(y[dim + i] * levels[dim + i]);
  return f32(f32(sums[0] + sums[1]) + f32(sums[2] + sums[3]));
}

/** Dot product of a row with the word of its outermost levels, as in tails.cpp. */
export function dotTails(y: Float32Array, levels: Int8Array, word: number, factor: number): number {
  let product = dotLevels(y, levels, 0, levels.length);
  const outermost: number[] = [];
  let square = 0;
  levels.forEach((level, i) => {
    square += level * level;
    if (Math.abs(level) === 127) outermost.push(i);
  });
  const { length } = outermost;
  let [cross, own, shift] = [0, 0, 0];
  outermost.slice(0, 32).forEach((i, j) => {
    const bits = Math.min(6, Math.floor(32 / length) + (j < 32 % length ? 1 : 0));
    const cell = (word >>> shift) & (2 ** bits - 1);
    shift += bits;
    // The middle of a cell beyond 111.5, where the outermost cell begins.
    const excess = (32 * bits * ((cell + 0.5) / 2 ** bits) - 15.5) * Math.sign(levels[i]);
    cross += levels[i] * excess;
    own += excess * excess;
    product = f32(product + f32(y[i] * excess));
  });
  const ratio = square > 0 ? (square + cross) / (square + 2 * cross + own) : 1;
  return f32(product * f32(factor * f32(ratio)));
}
