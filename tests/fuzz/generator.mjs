// Repeatable random integers for fuzzing programs.

/** Integers from 0 to below a bound, by xorshift. */
export function generator(seed) {
  let state = seed | 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % Math.max(1, bound);
  };
}
