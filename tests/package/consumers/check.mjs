// The check that every consumer runs once the package is loaded.

/** Codes and error of 1000 numbers at 4 bits in blocks of 32, by each build that the engine runs. */
export async function check(load, support) {
  const x = Float32Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1000) / 500 - 1);
  const results = {};
  for (const variant of [undefined, 'simd128', 'relaxed']) {
    if (variant === 'relaxed' && !support().relaxedSimdExact) continue;
    const fb = await load(variant && { variant });
    const q = fb.uniform.quantize(x, { bits: 4, block: 32 });
    results[variant ?? 'default'] = {
      variant: fb.variant,
      codes: Array.from(q.codes),
      ...fb.compare(x, fb.uniform.dequantize(q)),
    };
  }
  return results;
}
