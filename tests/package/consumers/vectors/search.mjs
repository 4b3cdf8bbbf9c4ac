// Builds, saves, opens and searches an index with `fewbits/vectors`, and returns the results.

import { load, support } from 'fewbits/vectors';

const DIMS = 16;
const ROWS = 100;

/** Vectors that are each nearest to themselves. */
const values = () =>
  Float32Array.from({ length: ROWS * DIMS }, (_, i) => Math.sin(i * 12.9898) * Math.cos(i));

export async function search() {
  const results = {};
  for (const variant of support().relaxedSimdExact ? ['simd128', 'relaxed'] : ['simd128']) {
    const fb = await load({ variant });
    const x = values();
    const made = fb.createIndex({ dims: DIMS, bits: 8 });
    made.add(x);
    const index = fb.openIndex(made.save());
    const found = Array.from({ length: ROWS }, (_, row) => {
      const { ids } = index.search(x.subarray(row * DIMS, (row + 1) * DIMS), { k: 1 });
      return ids[0];
    });
    results[variant] = { variant: fb.variant, size: index.size, found };
  }
  return results;
}
