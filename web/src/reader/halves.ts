// Float16 bit patterns of factors as numbers.

/** Exact; NaN for what no factor is: negative ones and those beyond numbers. */
export function halves(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  const raw = new Int32Array(out.buffer);
  bits.forEach((half, i) => {
    raw[i] = half << 13;
    out[i] = half < 0x7c00 ? out[i] * 2 ** 112 : NaN;
  });
  return out;
}
