// Rotating and coding with SIMD. Long because it holds every kernel for coding.

#include "simd/simd.h"

#include <algorithm>
#include <bit>

#include "vectors/code/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::vectors::simd {

using fewbits::simd::lookup16;
using fewbits::simd::mulr_q15;
using fewbits::simd::sum_f32x4;

namespace {

void butterfly(v128_t& a, v128_t& b) {
  const v128_t sum = wasm_f32x4_add(a, b);
  b = wasm_f32x4_sub(a, b);
  a = sum;
}

/// The two stages within a vector, for two vectors at once.
void butterflies_within(v128_t& a, v128_t& b) {
  v128_t even = wasm_i32x4_shuffle(a, b, 0, 2, 4, 6);
  v128_t odd = wasm_i32x4_shuffle(a, b, 1, 3, 5, 7);
  butterfly(even, odd);
  a = wasm_i32x4_shuffle(even, odd, 0, 2, 4, 6);
  b = wasm_i32x4_shuffle(even, odd, 1, 3, 5, 7);
  butterfly(a, b);
  even = wasm_i32x4_shuffle(a, b, 0, 2, 4, 6);
  b = wasm_i32x4_shuffle(a, b, 1, 3, 5, 7);
  a = even;
}

/// The first stages, those within `4 * kVectors` values; load(i) returns values i to i + 3.
template <int kVectors, typename Load>
void first_stages(Load load, float* y) {
  v128_t v[kVectors];
  for (int i = 0; i < kVectors; ++i) v[i] = load(4 * i);
  for (int i = 0; i < kVectors; i += 2) butterflies_within(v[i], v[i + 1]);
  for (int half = 1; half < kVectors; half *= 2) {
    for (int i = 0; i < kVectors; ++i) {
      if ((i & half) == 0) butterfly(v[i], v[i + half]);
    }
  }
  for (int i = 0; i < kVectors; ++i) wasm_v128_store(y + 4 * i, v[i]);
}

/// Stages `half` to kVectors / 2 * half of n values: each is loaded and stored once.
template <int kVectors>
void next_stages(float* y, std::size_t n, std::size_t half) {
  for (std::size_t start = 0; start < n; start += kVectors * half) {
    for (std::size_t at = start; at < start + half; at += 4) {
      v128_t v[kVectors];
      for (int i = 0; i < kVectors; ++i) {
        v[i] = wasm_v128_load(y + at + static_cast<std::size_t>(i) * half);
      }
      for (int step = 1; step < kVectors; step *= 2) {
        for (int i = 0; i < kVectors; ++i) {
          if ((i & step) == 0) butterfly(v[i], v[i + step]);
        }
      }
      for (int i = 0; i < kVectors; ++i) {
        wasm_v128_store(y + at + static_cast<std::size_t>(i) * half, v[i]);
      }
    }
  }
}

/// load(i) returns values i to i + 3 of the input; n >= 8.
template <typename Load>
void hadamard_of(Load load, float* y, std::size_t n) {
  std::size_t half = n < 32 ? 8 : 32;
  for (std::size_t start = 0; start < n; start += half) {
    const auto here = [&](int i) { return load(start + static_cast<std::size_t>(i)); };
    if (half == 32) {
      first_stages<8>(here, y + start);
    } else {
      first_stages<2>(here, y + start);
    }
  }
  while (half < n) {
    const std::size_t left = n / half;
    if (left >= 32 || left == 8) {
      next_stages<8>(y, n, half);
      half *= 8;
    } else if (left >= 4) {
      next_stages<4>(y, n, half);
      half *= 4;
    } else {
      next_stages<2>(y, n, half);
      half *= 2;
    }
  }
}

}  // namespace

void hadamard(float* x, std::size_t n) {
  if (n < 8) return scalar::hadamard(x, n);
  hadamard_of([x](std::size_t i) { return wasm_v128_load(x + i); }, x, n);
}

void flip_hadamard(const float* x, const float* factors, float* y, std::size_t n) {
  if (n < 8) return scalar::flip_hadamard(x, factors, y, n);
  const auto load = [x, factors](std::size_t i) {
    return wasm_f32x4_mul(wasm_v128_load(x + i), wasm_v128_load(factors + i));
  };
  hadamard_of(load, y, n);
}

void multiply(const float* x, const float* factors, float* y, std::size_t n) {
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    wasm_v128_store(y + i, wasm_f32x4_mul(wasm_v128_load(x + i), wasm_v128_load(factors + i)));
  }
  scalar::multiply(x + i, factors + i, y + i, n - i);
}

float sum_squares(const float* x, std::size_t n) {
  v128_t sum[4] = {};
  const auto add = [&sum](const float* values) {
    for (int k = 0; k < 4; ++k) {
      const v128_t v = wasm_v128_load(values + 4 * k);
      sum[k] = wasm_f32x4_add(sum[k], wasm_f32x4_mul(v, v));
    }
  };
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) add(x + i);
  if (i < n) {
    float rest[16] = {};
    std::copy(x + i, x + n, rest);
    add(rest);
  }
  return sum_f32x4(wasm_f32x4_add(wasm_f32x4_add(sum[0], sum[1]), wasm_f32x4_add(sum[2], sum[3])));
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
  const v128_t least = wasm_i16x8_splat(-32767);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t both =
        wasm_i16x8_narrow_i32x4(to_fixed4(x + i, factor), to_fixed4(x + i + 4, factor));
    wasm_v128_store(fixed + i, wasm_i16x8_max(both, least));
  }
  scalar::to_fixed(x + i, n - i, scale, fixed + i);
}

namespace {

// Kinds of codes: the indices of sixteen magnitudes, passed times the multiplier in two vectors,
// and the level of an index. For the index i of a magnitude, codes are half + i and half - 1 - i.

/// A single level.
struct Sign {
  static constexpr bool kBytes = false;
  explicit Sign(const Codebook&) {}
  v128_t index(v128_t, v128_t) const { return wasm_i8x16_splat(0); }
  v128_t level(v128_t) const { return wasm_i8x16_splat(1); }
};

struct TwoLevels {
  static constexpr bool kBytes = false;
  v128_t threshold;
  v128_t low;
  v128_t step;
  explicit TwoLevels(const Codebook& book)
      : threshold(wasm_i8x16_splat(book.thresholds[0])),
        low(wasm_i8x16_splat(book.levels[0][2])),
        step(wasm_i8x16_splat(static_cast<std::int8_t>(book.levels[0][3] - book.levels[0][2]))) {}
  v128_t index(v128_t a, v128_t b) const {
    return wasm_i8x16_neg(wasm_i8x16_gt(wasm_i8x16_narrow_i16x8(a, b), threshold));
  }
  v128_t level(v128_t index) const {
    return wasm_i8x16_add(low, wasm_v128_and(step, wasm_i8x16_neg(index)));
  }
};

/// Binary search over the thresholds in three steps: each comparison looks up the next threshold.
struct EightLevels {
  static constexpr bool kBytes = false;
  v128_t middle;
  v128_t thresholds;
  v128_t table;
  explicit EightLevels(const Codebook& book)
      : middle(wasm_i8x16_splat(book.thresholds[3])),
        table(wasm_v128_load64_zero(book.levels[0] + 8)) {
    const std::int8_t* t = book.thresholds;
    thresholds = wasm_i8x16_make(t[0], t[1], t[2], 0, t[4], t[5], t[6], 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }
  v128_t index(v128_t a, v128_t b) const {
    const v128_t x = wasm_i8x16_narrow_i16x8(a, b);
    v128_t i = wasm_v128_and(wasm_i8x16_gt(x, middle), wasm_i8x16_splat(4));
    const v128_t second = lookup16(thresholds, wasm_v128_or(i, wasm_i8x16_splat(1)));
    i = wasm_v128_or(i, wasm_v128_and(wasm_i8x16_gt(x, second), wasm_i8x16_splat(2)));
    return wasm_i8x16_sub(i, wasm_i8x16_gt(x, lookup16(thresholds, i)));
  }
  v128_t level(v128_t index) const { return lookup16(table, index); }
};

struct Bytes {
  static constexpr bool kBytes = true;
  explicit Bytes(const Codebook&) {}
  v128_t index(v128_t a, v128_t b) const { return wasm_i8x16_narrow_i16x8(a, b); }
  v128_t level(v128_t index) const { return index; }
};

/// Odd levels; magnitudes have three more bits.
struct Odd {
  static constexpr bool kBytes = false;
  v128_t most;
  explicit Odd(const Codebook& book)
      : most(wasm_i8x16_splat(static_cast<std::int8_t>((1 << (book.bits - 1)) - 1))) {}
  v128_t index(v128_t a, v128_t b) const {
    return wasm_i8x16_min(wasm_i8x16_narrow_i16x8(wasm_i16x8_shr(a, 4), wasm_i16x8_shr(b, 4)),
                          most);
  }
  v128_t level(v128_t index) const {
    return wasm_v128_or(wasm_i8x16_add(index, index), wasm_i8x16_splat(1));
  }
};

/// Handles whole vectors of sixteen values; codes are written only if `kCodes` is set.
template <typename Kind, bool kCodes>
std::size_t quantize_by(const std::int16_t* fixed, std::size_t n, std::int16_t multiplier,
                        const Codebook& book, std::uint8_t* codes, CodeSums* sums) {
  const Kind kind(book);
  const v128_t factor = wasm_i16x8_splat(multiplier);
  const v128_t half = wasm_i8x16_splat(static_cast<std::int8_t>(1 << (book.bits - 1)));
  const v128_t mask = wasm_i8x16_splat(static_cast<std::int8_t>((1 << book.bits) - 1));
  std::size_t i = 0;
  while (i + 16 <= n) {
    // At most 2048 values, so that the sums of products fit 32 bits.
    const std::size_t end = std::min(n & ~std::size_t{15}, i + 2048);
    v128_t product = wasm_i32x4_splat(0);
    v128_t square = wasm_i32x4_splat(0);
    v128_t level = wasm_i32x4_splat(0);
    for (; i < end; i += 16) {
      const v128_t x = wasm_v128_load(fixed + i);
      const v128_t y = wasm_v128_load(fixed + i + 8);
      const v128_t a = wasm_i16x8_abs(x);
      const v128_t b = wasm_i16x8_abs(y);
      const v128_t index = kind.index(mulr_q15(a, factor), mulr_q15(b, factor));
      const v128_t found = kind.level(index);
      const v128_t low = wasm_i16x8_extend_low_i8x16(found);
      const v128_t high = wasm_i16x8_extend_high_i8x16(found);
      product = wasm_i32x4_add(
          product, wasm_i32x4_add(wasm_i32x4_dot_i16x8(a, low), wasm_i32x4_dot_i16x8(b, high)));
      square = wasm_i32x4_add(
          square, wasm_i32x4_add(wasm_i32x4_dot_i16x8(low, low), wasm_i32x4_dot_i16x8(high, high)));
      if constexpr (kCodes) {
        const v128_t negative = wasm_i8x16_lt(wasm_i8x16_narrow_i16x8(x, y), wasm_i8x16_splat(0));
        if constexpr (Kind::kBytes) {
          const v128_t signed_level = wasm_i8x16_sub(wasm_v128_xor(found, negative), negative);
          wasm_v128_store(codes + i, wasm_v128_xor(signed_level, half));
          level = wasm_i32x4_add(level, wasm_i32x4_extadd_pairwise_i16x8(
                                            wasm_i16x8_extadd_pairwise_i8x16(signed_level)));
        } else {
          wasm_v128_store(codes + i,
                          wasm_v128_xor(wasm_v128_or(half, index), wasm_v128_and(negative, mask)));
        }
      }
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

template <bool kCodes>
std::size_t quantize_vectors(const std::int16_t* fixed, std::size_t n, std::int16_t multiplier,
                             const Codebook& book, std::uint8_t* codes, CodeSums* sums) {
  switch (book.bits) {
    case 1:
      return quantize_by<Sign, kCodes>(fixed, n, multiplier, book, codes, sums);
    case 2:
      return quantize_by<TwoLevels, kCodes>(fixed, n, multiplier, book, codes, sums);
    case 4:
      return quantize_by<EightLevels, kCodes>(fixed, n, multiplier, book, codes, sums);
    case 8:
      return quantize_by<Bytes, kCodes>(fixed, n, multiplier, book, codes, sums);
    default:
      return quantize_by<Odd, kCodes>(fixed, n, multiplier, book, codes, sums);
  }
}

CodeSums total(const CodeSums& a, const CodeSums& b) {
  return {a.product + b.product, a.square + b.square, a.level + b.level};
}

}  // namespace

CodeSums quantize(const std::int16_t* fixed, std::size_t n, std::int16_t multiplier,
                  const Codebook& book, std::uint8_t* codes) {
  CodeSums sums;
  const std::size_t i = quantize_vectors<true>(fixed, n, multiplier, book, codes, &sums);
  return total(sums, scalar::quantize(fixed + i, n - i, multiplier, book, codes + i));
}

CodeSums align(const std::int16_t* fixed, std::size_t n, std::int16_t multiplier,
               const Codebook& book) {
  CodeSums sums;
  const std::size_t i = quantize_vectors<false>(fixed, n, multiplier, book, nullptr, &sums);
  return total(sums, scalar::align(fixed + i, n - i, multiplier, book));
}

void add_levels(const std::uint8_t* codes, std::size_t n, const std::int8_t* of_code,
                std::int8_t* levels) {
  const v128_t table = wasm_v128_load(of_code);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const v128_t found = lookup16(table, wasm_v128_load(codes + i));
    wasm_v128_store(levels + i, wasm_i8x16_add(wasm_v128_load(levels + i), found));
  }
  scalar::add_levels(codes + i, n - i, of_code, levels + i);
}

std::size_t find(const std::int8_t* x, std::size_t n, std::int8_t a, std::int8_t b,
                 std::size_t room, std::uint16_t* positions) {
  const v128_t first = wasm_i8x16_splat(a);
  const v128_t second = wasm_i8x16_splat(b);
  std::size_t count = 0;
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const v128_t v = wasm_v128_load(x + i);
    std::uint32_t mask =
        wasm_i8x16_bitmask(wasm_v128_or(wasm_i8x16_eq(v, first), wasm_i8x16_eq(v, second)));
    for (; mask != 0; mask &= mask - 1, ++count) {
      if (count >= room) continue;
      positions[count] =
          static_cast<std::uint16_t>(i + static_cast<std::size_t>(std::countr_zero(mask)));
    }
  }
  for (; i < n; ++i) {
    if (x[i] != a && x[i] != b) continue;
    if (count < room) positions[count] = static_cast<std::uint16_t>(i);
    ++count;
  }
  return count;
}

namespace {

/// Transposes 16 x 16 bytes; rows are `from_stride` apart in the input, `to_stride` in the output.
void transpose16(const std::uint8_t* from, std::size_t from_stride, std::uint8_t* to,
                 std::size_t to_stride) {
  v128_t a[16];
  v128_t b[16];
  for (std::size_t r = 0; r < 16; ++r) a[r] = wasm_v128_load(from + r * from_stride);
  // Four times the same step: vectors r and r + 8 interleave to 2r and 2r + 1.
  const auto step = [](const v128_t* in, v128_t* out) {
    for (int r = 0; r < 8; ++r) {
      out[2 * r] = wasm_i8x16_shuffle(in[r], in[r + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
                                      22, 7, 23);
      out[2 * r + 1] = wasm_i8x16_shuffle(in[r], in[r + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
                                          13, 29, 14, 30, 15, 31);
    }
  };
  step(a, b);
  step(b, a);
  step(a, b);
  step(b, a);
  for (std::size_t r = 0; r < 16; ++r) wasm_v128_store(to + r * to_stride, a[r]);
}

}  // namespace

void to_columns(const std::uint8_t* rows, std::size_t bytes, std::uint8_t* columns) {
  static_assert(kColumnRows == 16);
  std::size_t p = 0;
  for (; p + 16 <= bytes; p += 16) {
    transpose16(rows + p, bytes, columns + p * kBlockRows, kBlockRows);
  }
  for (; p < bytes; ++p) {
    for (std::size_t r = 0; r < 16; ++r) columns[kBlockRows * p + r] = rows[bytes * r + p];
  }
}

void from_columns(const std::uint8_t* columns, std::size_t bytes, std::uint8_t* rows) {
  std::size_t p = 0;
  for (; p + 16 <= bytes; p += 16) {
    transpose16(columns + p * kBlockRows, kBlockRows, rows + p, bytes);
  }
  for (; p < bytes; ++p) {
    for (std::size_t r = 0; r < 16; ++r) rows[bytes * r + p] = columns[kBlockRows * p + r];
  }
}

}  // namespace fewbits::vectors::simd

#endif
