// Builds, saves, opens and searches an index with `fewbits/vectors`, the same with `fewbits/search`, and says what
// was found.

import { load as loadSearch } from 'fewbits/search';
import { load, support } from 'fewbits/vectors';

const DIMS = 16;
const ROWS = 100;

/** Vectors of which each is nearest to itself. */
const values = () =>
  Float32Array.from({ length: ROWS * DIMS }, (_, i) => Math.sin(i * 12.9898) * Math.cos(i));

export async function search() {
  const results = {};
  for (const variant of support().relaxedSimdExact ? ['simd128', 'relaxed'] : ['simd128']) {
    const fb = await load({ variant });
    const x = values();
    const made = fb.createIndex({ dims: DIMS, bits: 8 });
    made.add(x);
    const file = made.save();
    const small = await loadSearch({ variant });
    const [index, other] = [fb.openIndex(file), small.openIndex(file)];
    const queries = Array.from({ length: ROWS }, (_, row) =>
      x.subarray(row * DIMS, (row + 1) * DIMS),
    );
    const nearest = (one) => queries.map((query) => one.search(query, { k: 1 }).ids[0]);
    results[variant] = {
      variant: fb.variant,
      size: index.size,
      found: nearest(index),
      small: { variant: small.variant, size: other.size, found: nearest(other) },
    };
  }
  return results;
}
