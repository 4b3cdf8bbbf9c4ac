// Float16 factors, decoded to numbers.

/** Decodes float16 bit patterns exactly; NaN for values that no factor has: negative, infinite or NaN. */
export function halves(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  const raw = new Int32Array(out.buffer);
  bits.forEach((half, i) => {
    raw[i] = half << 13;
    out[i] = half < 0x7c00 ? out[i] * 2 ** 112 : NaN;
  });
  return out;
}
