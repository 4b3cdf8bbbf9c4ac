#include "simd/simd.h"

#include <algorithm>

#include "vectors/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::vectors::simd {

using fewbits::simd::lookup16;

namespace {

/// Butterflies of neighbours and of neighbours' neighbours, within one vector.
v128_t hadamard4(v128_t x) {
  const v128_t odd_sign = wasm_i32x4_make(0, INT32_MIN, 0, INT32_MIN);
  const v128_t high_sign = wasm_i32x4_make(0, 0, INT32_MIN, INT32_MIN);
  const v128_t pairs =
      wasm_f32x4_add(wasm_i32x4_shuffle(x, x, 0, 0, 2, 2),
                     wasm_v128_xor(wasm_i32x4_shuffle(x, x, 1, 1, 3, 3), odd_sign));
  return wasm_f32x4_add(wasm_i32x4_shuffle(pairs, pairs, 0, 1, 0, 1),
                        wasm_v128_xor(wasm_i32x4_shuffle(pairs, pairs, 2, 3, 2, 3), high_sign));
}

/// Two stages at once: four values `half` apart, loaded and stored once.
void radix4(float* x, std::size_t half) {
  const v128_t a = wasm_v128_load(x);
  const v128_t b = wasm_v128_load(x + half);
  const v128_t c = wasm_v128_load(x + 2 * half);
  const v128_t d = wasm_v128_load(x + 3 * half);
  const v128_t ab = wasm_f32x4_add(a, b);
  const v128_t a_b = wasm_f32x4_sub(a, b);
  const v128_t cd = wasm_f32x4_add(c, d);
  const v128_t c_d = wasm_f32x4_sub(c, d);
  wasm_v128_store(x, wasm_f32x4_add(ab, cd));
  wasm_v128_store(x + half, wasm_f32x4_add(a_b, c_d));
  wasm_v128_store(x + 2 * half, wasm_f32x4_sub(ab, cd));
  wasm_v128_store(x + 3 * half, wasm_f32x4_sub(a_b, c_d));
}

}  // namespace

void hadamard(float* x, std::size_t n) {
  if (n < 4) return scalar::hadamard(x, n);
  std::size_t half = 4;
  if (n >= 16) {
    half = 16;
    for (std::size_t i = 0; i < n; i += 16) {
      const v128_t a = hadamard4(wasm_v128_load(x + i));
      const v128_t b = hadamard4(wasm_v128_load(x + i + 4));
      const v128_t c = hadamard4(wasm_v128_load(x + i + 8));
      const v128_t d = hadamard4(wasm_v128_load(x + i + 12));
      const v128_t ab = wasm_f32x4_add(a, b);
      const v128_t a_b = wasm_f32x4_sub(a, b);
      const v128_t cd = wasm_f32x4_add(c, d);
      const v128_t c_d = wasm_f32x4_sub(c, d);
      wasm_v128_store(x + i, wasm_f32x4_add(ab, cd));
      wasm_v128_store(x + i + 4, wasm_f32x4_add(a_b, c_d));
      wasm_v128_store(x + i + 8, wasm_f32x4_sub(ab, cd));
      wasm_v128_store(x + i + 12, wasm_f32x4_sub(a_b, c_d));
    }
  } else {
    for (std::size_t i = 0; i < n; i += 4) {
      wasm_v128_store(x + i, hadamard4(wasm_v128_load(x + i)));
    }
  }
  for (; half * 2 < n; half *= 4) {
    for (std::size_t start = 0; start < n; start += 4 * half) {
      for (std::size_t i = start; i < start + half; i += 4) radix4(x + i, half);
    }
  }
  if (half < n) {
    for (std::size_t i = 0; i < half; i += 4) {
      const v128_t a = wasm_v128_load(x + i);
      const v128_t b = wasm_v128_load(x + i + half);
      wasm_v128_store(x + i, wasm_f32x4_add(a, b));
      wasm_v128_store(x + i + half, wasm_f32x4_sub(a, b));
    }
  }
}

void multiply(float* x, const float* y, std::size_t n) {
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    wasm_v128_store(x + i, wasm_f32x4_mul(wasm_v128_load(x + i), wasm_v128_load(y + i)));
  }
  scalar::multiply(x + i, y + i, n - i);
}

float sum_squares(const float* x, std::size_t n) {
  v128_t sum = wasm_f32x4_splat(0);
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const v128_t v = wasm_v128_load(x + i);
    sum = wasm_f32x4_add(sum, wasm_f32x4_mul(v, v));
  }
  float lanes[4];
  wasm_v128_store(lanes, sum);
  for (std::size_t lane = 0; i + lane < n; ++lane) lanes[lane] += x[i + lane] * x[i + lane];
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

namespace {

v128_t to_fixed4(const float* x, v128_t scale) {
  const v128_t magic = wasm_f32x4_splat(12582912.0f);
  const v128_t shifted = wasm_f32x4_add(wasm_f32x4_mul(wasm_v128_load(x), scale), magic);
  return wasm_i32x4_sub(shifted, magic);  // the bits of the significand, as integers
}

}  // namespace

void to_fixed(const float* x, std::size_t n, float scale, std::int16_t* fixed) {
  const v128_t factor = wasm_f32x4_splat(scale);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    wasm_v128_store(
        fixed + i, wasm_i16x8_narrow_i32x4(to_fixed4(x + i, factor), to_fixed4(x + i + 4, factor)));
  }
  scalar::to_fixed(x + i, n - i, scale, fixed + i);
}

namespace {

/// Levels of sixteen values by one codebook; instantiated once per kind of code.
struct SignLevels {
  explicit SignLevels(std::int16_t, const Codebook&) {}
  v128_t operator()(v128_t a, v128_t b) const {
    const v128_t negative = wasm_i8x16_narrow_i16x8(wasm_i16x8_shr(a, 15), wasm_i16x8_shr(b, 15));
    return wasm_v128_or(negative, wasm_i8x16_splat(1));
  }
};

v128_t clamp_i8(v128_t x, int limit) {
  return wasm_i8x16_max(wasm_i8x16_min(x, wasm_i8x16_splat(static_cast<std::int8_t>(limit))),
                        wasm_i8x16_splat(static_cast<std::int8_t>(-limit)));
}

template <int Bits>
struct LloydMaxLevels {
  static constexpr int kThresholds = (1 << (Bits - 1)) - 1;
  v128_t factor;
  v128_t table;
  v128_t thresholds[kThresholds];

  LloydMaxLevels(std::int16_t multiplier, const Codebook& book)
      : factor(wasm_i16x8_splat(multiplier)), table(wasm_v128_load(book.levels[0])) {
    for (int i = 0; i < kThresholds; ++i) thresholds[i] = wasm_i8x16_splat(book.thresholds[i]);
  }

  v128_t operator()(v128_t a, v128_t b) const {
    const v128_t value = clamp_i8(wasm_i8x16_narrow_i16x8(wasm_i16x8_q15mulr_sat(a, factor),
                                                          wasm_i16x8_q15mulr_sat(b, factor)),
                                  127);
    const v128_t magnitude = wasm_i8x16_abs(value);
    v128_t code = wasm_i8x16_splat(1 << (Bits - 1));
    for (int i = 0; i < kThresholds; ++i) {
      code = wasm_i8x16_sub(code, wasm_i8x16_gt(magnitude, thresholds[i]));
    }
    // The complement of a code is the code of the opposite level.
    const v128_t flip = wasm_v128_and(wasm_i8x16_shr(value, 7), wasm_i8x16_splat((1 << Bits) - 1));
    return lookup16(table, wasm_v128_xor(code, flip));
  }
};

struct ByteLevels {
  v128_t factor;
  ByteLevels(std::int16_t multiplier, const Codebook&) : factor(wasm_i16x8_splat(multiplier)) {}
  v128_t operator()(v128_t a, v128_t b) const {
    return clamp_i8(wasm_i8x16_narrow_i16x8(wasm_i16x8_q15mulr_sat(a, factor),
                                            wasm_i16x8_q15mulr_sat(b, factor)),
                    127);
  }
};

struct OddLevels {
  v128_t factor;
  int limit;
  OddLevels(std::int16_t multiplier, const Codebook& book)
      : factor(wasm_i16x8_splat(multiplier)), limit((1 << book.bits) - 1) {}
  v128_t operator()(v128_t a, v128_t b) const {
    const v128_t low = wasm_i16x8_shr(wasm_i16x8_q15mulr_sat(a, factor), 3);
    const v128_t high = wasm_i16x8_shr(wasm_i16x8_q15mulr_sat(b, factor), 3);
    return clamp_i8(wasm_v128_or(wasm_i8x16_narrow_i16x8(low, high), wasm_i8x16_splat(1)), limit);
  }
};

template <typename Levels>
std::size_t quantize_by(const std::int16_t* fixed, std::size_t n, std::int16_t multiplier,
                        const Codebook& book, std::int8_t* levels, CodeSums* sums) {
  const Levels levels_of(multiplier, book);
  std::size_t i = 0;
  while (i + 16 <= n) {
    // 2048 values at most: the sums of products stay within 32 bits.
    const std::size_t end = std::min(n & ~std::size_t{15}, i + 2048);
    v128_t product = wasm_i32x4_splat(0);
    v128_t square = wasm_i32x4_splat(0);
    v128_t level = wasm_i32x4_splat(0);
    for (; i < end; i += 16) {
      const v128_t a = wasm_v128_load(fixed + i);
      const v128_t b = wasm_v128_load(fixed + i + 8);
      const v128_t found = levels_of(a, b);
      wasm_v128_store(levels + i, found);
      const v128_t low = wasm_i16x8_extend_low_i8x16(found);
      const v128_t high = wasm_i16x8_extend_high_i8x16(found);
      product = wasm_i32x4_add(
          product, wasm_i32x4_add(wasm_i32x4_dot_i16x8(a, low), wasm_i32x4_dot_i16x8(b, high)));
      square = wasm_i32x4_add(
          square, wasm_i32x4_add(wasm_i32x4_dot_i16x8(low, low), wasm_i32x4_dot_i16x8(high, high)));
      level = wasm_i32x4_add(level, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_add(low, high)));
    }
    std::int32_t lanes[12];
    wasm_v128_store(lanes, product);
    wasm_v128_store(lanes + 4, square);
    wasm_v128_store(lanes + 8, level);
    for (int lane = 0; lane < 4; ++lane) {
      sums->product += lanes[lane];
      sums->square += lanes[4 + lane];
      sums->level += lanes[8 + lane];
    }
  }
  return i;
}

}  // namespace

CodeSums quantize(const std::int16_t* fixed, std::size_t n, std::int16_t multiplier,
                  const Codebook& book, std::int8_t* levels) {
  CodeSums sums;
  std::size_t i = 0;
  switch (book.bits) {
    case 1:
      i = quantize_by<SignLevels>(fixed, n, multiplier, book, levels, &sums);
      break;
    case 2:
      i = quantize_by<LloydMaxLevels<2>>(fixed, n, multiplier, book, levels, &sums);
      break;
    case 4:
      i = quantize_by<LloydMaxLevels<4>>(fixed, n, multiplier, book, levels, &sums);
      break;
    case 8:
      i = quantize_by<ByteLevels>(fixed, n, multiplier, book, levels, &sums);
      break;
    default:
      i = quantize_by<OddLevels>(fixed, n, multiplier, book, levels, &sums);
  }
  const CodeSums rest = scalar::quantize(fixed + i, n - i, multiplier, book, levels + i);
  sums.product += rest.product;
  sums.square += rest.square;
  sums.level += rest.level;
  return sums;
}

}  // namespace fewbits::vectors::simd

#endif
