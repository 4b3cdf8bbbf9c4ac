// Four sub-blocks side by side, one per lane: four sums at once, each in the order of the values
// like the scalar reference.

#pragma once

#include "simd/simd.h"

#if FEWBITS_SIMD

#include <cstdint>

#include "ggml/packing.h"

namespace fewbits::ggml::simd {

/// out[i] = { blocks[0][i], ..., blocks[3][i] } for i in 0..n-1, n a multiple of 4.
FEWBITS_GGML_INLINE void load_lanes(const float* const* blocks, int n, v128_t* out) {
  FEWBITS_ROLLED
  for (int i = 0; i < n; i += 4) {
    const v128_t a = wasm_v128_load(blocks[0] + i);
    const v128_t b = wasm_v128_load(blocks[1] + i);
    const v128_t c = wasm_v128_load(blocks[2] + i);
    const v128_t d = wasm_v128_load(blocks[3] + i);
    const v128_t ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5);
    const v128_t ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
    const v128_t cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5);
    const v128_t cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
    out[i] = wasm_i64x2_shuffle(ab_low, cd_low, 0, 2);
    out[i + 1] = wasm_i64x2_shuffle(ab_low, cd_low, 1, 3);
    out[i + 2] = wasm_i64x2_shuffle(ab_high, cd_high, 0, 2);
    out[i + 3] = wasm_i64x2_shuffle(ab_high, cd_high, 1, 3);
  }
}

/// Loads four consecutive blocks of `size` values.
FEWBITS_GGML_INLINE void load_consecutive(const float* x, int size, v128_t* out) {
  const float* const blocks[4] = {x, x + size, x + 2 * size, x + 3 * size};
  load_lanes(blocks, size, out);
}

/// Lanes of a where `mask` is set, else of b.
FEWBITS_GGML_INLINE v128_t select(v128_t mask, v128_t a, v128_t b) {
  return wasm_v128_bitselect(a, b, mask);
}

/// nearest_int of rounding.h, including its wrap-around.
FEWBITS_GGML_INLINE v128_t nearest_int(v128_t value) {
  const v128_t bits = wasm_f32x4_add(value, wasm_f32x4_splat(12582912.0f));
  return wasm_i32x4_sub(wasm_v128_and(bits, wasm_i32x4_splat(0x007FFFFF)),
                        wasm_i32x4_splat(0x00400000));
}

FEWBITS_GGML_INLINE v128_t clamp(v128_t value, int low, int high) {
  return wasm_i32x4_min(wasm_i32x4_max(value, wasm_i32x4_splat(low)), wasm_i32x4_splat(high));
}

/// The low bytes of four times four integers in -128..127 or 0..255.
FEWBITS_GGML_INLINE v128_t narrow(v128_t a, v128_t b, v128_t c, v128_t d) {
  return wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d));
}

FEWBITS_GGML_INLINE v128_t abs(v128_t value) {
  return wasm_f32x4_abs(value);
}

/// The value of largest magnitude in each lane, with its sign; the first among equals.
FEWBITS_GGML_INLINE v128_t extreme(int n, const v128_t* x) {
  v128_t result = wasm_f32x4_splat(0);
  v128_t magnitude = wasm_f32x4_splat(0);
  FEWBITS_ROLLED
  for (int i = 0; i < n; ++i) {
    const v128_t candidate = abs(x[i]);
    result = select(wasm_f32x4_gt(candidate, magnitude), x[i], result);
    magnitude = wasm_f32x4_pmax(magnitude, candidate);
  }
  return result;
}

/// The sum in order, separately for each lane.
FEWBITS_GGML_INLINE v128_t sum(int n, const v128_t* x) {
  v128_t total = wasm_f32x4_splat(0);
  FEWBITS_ROLLED
  for (int i = 0; i < n; ++i) total = wasm_f32x4_add(total, x[i]);
  return total;
}

FEWBITS_GGML_INLINE v128_t sum_of_squares(int n, const v128_t* x) {
  v128_t total = wasm_f32x4_splat(0);
  FEWBITS_ROLLED
  for (int i = 0; i < n; ++i) total = wasm_f32x4_add(total, wasm_f32x4_mul(x[i], x[i]));
  return total;
}

/// importance * sqrt(variance + x^2)
FEWBITS_GGML_INLINE void weigh(int n, const v128_t* x, const v128_t* importance, v128_t variance,
                               v128_t* weights) {
  FEWBITS_ROLLED
  for (int i = 0; i < n; ++i) {
    const v128_t square = wasm_f32x4_mul(x[i], x[i]);
    weights[i] = wasm_f32x4_mul(importance[i], wasm_f32x4_sqrt(wasm_f32x4_add(variance, square)));
  }
}

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
