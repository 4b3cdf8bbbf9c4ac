// Means as programs compute them entirely in float32: their output differs from the mean in double precision
// (fb.compare) in the last digits.

/**
 * The mean of the squared differences, every step rounded to float32.
 *
 * @param lanes the number of separate sums, which are added at the end: 1 for a plain loop, 8 for a processor
 *   that adds eight floats at once
 */
export function meanSquareF32(x: Float32Array, y: Float32Array, lanes = 1): number {
  const sums = new Float32Array(lanes);
  for (let i = 0; i < x.length; i++) {
    const difference = Math.fround(x[i] - y[i]);
    sums[i % lanes] += Math.fround(difference * difference);
  }
  const total = sums.reduce((sum, lane) => Math.fround(sum + lane), 0);
  return Math.fround(total / x.length);
}

/** The shortest decimal that identifies this float32. */
export function shortest(x: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = Number(x.toPrecision(digits));
    if (Math.fround(text) === x) return String(text);
  }
  return String(Number(x.toPrecision(9)));
}
