/** Throws unless both hold the same numbers (distinguishing -0 from 0) or are the same value. */
export function same(what, actual, expected) {
  const list = (x) => (ArrayBuffer.isView(x) || Array.isArray(x) ? Array.from(x) : [x]);
  const [a, b] = [list(actual), list(expected)];
  if (a.length !== b.length) throw new Error(`${what}: ${a.length} values, not ${b.length}`);
  const at = a.findIndex((value, i) => !Object.is(value, b[i]));
  if (at >= 0) throw new Error(`${what}[${at}] is ${a[at]}, not ${b[at]}`);
}

/** Throws unless `actual`, printed with as many decimals as `expected`, equals `expected`. */
export function printsAs(what, actual, expected) {
  const text = String(expected);
  const decimals = text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
  same(what, Number(actual.toFixed(decimals)), expected);
}

/** The mean squared difference, accumulated one by one as a loop over float32 numbers does. */
export function sequentialMse(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; ++i) {
    const difference = Math.fround(x[i] - y[i]);
    sum = Math.fround(sum + Math.fround(difference * difference));
  }
  return Math.fround(sum / x.length);
}

export const float32 = (bits) => new Float32Array(Uint32Array.from(bits).buffer);
export const bitsOf = (values) => new Uint32Array(values.slice().buffer);
