#include "simd/simd.h"

#include <algorithm>

#include "vectors/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::vectors::simd {

using fewbits::simd::dot_i8x16_u7x16_add;
using fewbits::simd::lookup16;
using fewbits::simd::sum_f32x4;

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

namespace {

/// Sixteen-bit sums of bytes, two to a lane: adding whole lanes counts the odd byte 256-fold, and
/// `odd` takes that out at the end. One addition less per step than splitting the bytes first.
struct ByteSums {
  v128_t both = wasm_i16x8_splat(0);
  v128_t odd = wasm_i16x8_splat(0);

  void add(v128_t bytes) {
    both = wasm_i16x8_add(both, bytes);
    odd = wasm_i16x8_add(odd, wasm_u16x8_shr(bytes, 8));
  }

  void flush(std::uint32_t* sums) {
    const v128_t even = wasm_i16x8_sub(both, wasm_i16x8_shl(odd, 8));
    const v128_t low = wasm_i16x8_shuffle(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
    const v128_t high = wasm_i16x8_shuffle(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
    const v128_t parts[4] = {wasm_u32x4_extend_low_u16x8(low), wasm_u32x4_extend_high_u16x8(low),
                             wasm_u32x4_extend_low_u16x8(high), wasm_u32x4_extend_high_u16x8(high)};
    for (int i = 0; i < 4; ++i) {
      wasm_v128_store(sums + 4 * i, wasm_i32x4_add(wasm_v128_load(sums + 4 * i), parts[i]));
    }
    both = wasm_i16x8_splat(0);
    odd = wasm_i16x8_splat(0);
  }
};

template <int Run>
void lut_scan_run(const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* lut,
                  std::uint32_t* sums) {
  constexpr std::size_t kVectors = kBlockRows / 16;
  constexpr std::size_t kColumns = Run <= 2 ? 1 : Run / 2;         // byte columns per widening
  constexpr std::size_t kFlush = Run == 1 ? 128 : 256 * kColumns;  // 256 * 255 < 2^16
  const v128_t nibble = wasm_i8x16_splat(15);
  for (std::size_t p = 0; p < bytes;) {
    const std::size_t flush = std::min(bytes, p + kFlush);
    ByteSums total[kVectors];
    while (p < flush) {
      v128_t partial[kVectors];
      const std::size_t end = std::min(flush, p + kColumns);
      for (bool first = true; p < end; ++p, first = false) {
        const v128_t low = wasm_v128_load(lut + 32 * p);
        const v128_t high = wasm_v128_load(lut + 32 * p + 16);
        for (std::size_t v = 0; v < kVectors; ++v) {
          const v128_t code = wasm_v128_load(codes + p * kBlockRows + 16 * v);
          const v128_t from_low = lookup16(low, wasm_v128_and(code, nibble));
          const v128_t from_high = lookup16(high, wasm_v128_and(wasm_u16x8_shr(code, 4), nibble));
          if constexpr (Run == 1) {
            total[v].add(from_low);
            total[v].add(from_high);
          } else {
            const v128_t both = wasm_i8x16_add(from_low, from_high);
            if constexpr (Run == 2) {
              total[v].add(both);
            } else {
              partial[v] = first ? both : wasm_i8x16_add(partial[v], both);
            }
          }
        }
      }
      if constexpr (Run > 2) {
        for (std::size_t v = 0; v < kVectors; ++v) total[v].add(partial[v]);
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) total[v].flush(sums + 16 * v);
  }
}

}  // namespace

void lut_scan(const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* lut, int run,
              std::uint32_t* sums) {
  std::fill_n(sums, kBlockRows, 0u);
  switch (run) {
    case 1:
      return lut_scan_run<1>(codes, bytes, lut, sums);
    case 2:
      return lut_scan_run<2>(codes, bytes, lut, sums);
    case 4:
      return lut_scan_run<4>(codes, bytes, lut, sums);
    default:
      return lut_scan_run<8>(codes, bytes, lut, sums);
  }
}

namespace {

/// Lane i of the result: the sum of the lanes of the i-th argument.
v128_t sum_lanes(v128_t a, v128_t b, v128_t c, v128_t d) {
  const v128_t ab =
      wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
  const v128_t cd =
      wasm_i32x4_add(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
  return wasm_i32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5),
                        wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
}

template <bool WithLevels>
std::size_t dot_scan_rows(const std::int8_t* rows, std::size_t stride, std::size_t count,
                          const std::uint8_t* query, std::int32_t* sums, std::int32_t* level_sums) {
  const v128_t ones = wasm_i8x16_splat(1);
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const std::int8_t* row = rows + r * stride;
    v128_t sum[4];
    v128_t level[4];
    for (int j = 0; j < 4; ++j) sum[j] = level[j] = wasm_i32x4_splat(0);
    for (std::size_t i = 0; i < stride; i += 16) {
      const v128_t q = wasm_v128_load(query + i);
      for (std::size_t j = 0; j < 4; ++j) {
        const v128_t code = wasm_v128_load(row + j * stride + i);
        sum[j] = dot_i8x16_u7x16_add(code, q, sum[j]);
        if constexpr (WithLevels) level[j] = dot_i8x16_u7x16_add(code, ones, level[j]);
      }
    }
    wasm_v128_store(sums + r, sum_lanes(sum[0], sum[1], sum[2], sum[3]));
    if constexpr (WithLevels) {
      wasm_v128_store(level_sums + r, sum_lanes(level[0], level[1], level[2], level[3]));
    }
  }
  return r;
}

}  // namespace

void dot_scan(const std::int8_t* rows, std::size_t stride, std::size_t count,
              const std::uint8_t* query, std::int32_t* sums, std::int32_t* level_sums) {
  const std::size_t r = level_sums != nullptr
                            ? dot_scan_rows<true>(rows, stride, count, query, sums, level_sums)
                            : dot_scan_rows<false>(rows, stride, count, query, sums, level_sums);
  scalar::dot_scan(rows + r * stride, stride, count - r, query, sums + r,
                   level_sums != nullptr ? level_sums + r : nullptr);
}

void dot_scan4(const std::int8_t* rows, std::size_t stride, std::size_t count,
               const std::uint8_t* query, std::int32_t* sums, std::int32_t* level_sums) {
  std::size_t r = 0;
  for (; r + 2 <= count; r += 2) {
    const std::int8_t* row = rows + r * stride;
    v128_t sum[2][4];
    for (auto& of_row : sum) {
      for (v128_t& s : of_row) s = wasm_i32x4_splat(0);
    }
    for (std::size_t i = 0; i < stride; i += 16) {
      const v128_t code0 = wasm_v128_load(row + i);
      const v128_t code1 = wasm_v128_load(row + stride + i);
      for (std::size_t q = 0; q < 4; ++q) {
        const v128_t weight = wasm_v128_load(query + q * stride + i);
        sum[0][q] = dot_i8x16_u7x16_add(code0, weight, sum[0][q]);
        sum[1][q] = dot_i8x16_u7x16_add(code1, weight, sum[1][q]);
      }
    }
    for (std::size_t j = 0; j < 2; ++j) {
      std::int32_t of_row[4];
      wasm_v128_store(of_row, sum_lanes(sum[j][0], sum[j][1], sum[j][2], sum[j][3]));
      for (std::size_t q = 0; q < 4; ++q) sums[q * count + r + j] = of_row[q];
    }
  }
  for (; r < count; ++r) {
    for (std::size_t q = 0; q < 4; ++q) {
      scalar::dot_scan(rows + r * stride, stride, 1, query + q * stride, sums + q * count + r,
                       nullptr);
    }
  }
  if (level_sums != nullptr) {
    const v128_t ones = wasm_i8x16_splat(1);
    for (r = 0; r < count; ++r) {
      v128_t level = wasm_i32x4_splat(0);
      for (std::size_t i = 0; i < stride; i += 16) {
        level = dot_i8x16_u7x16_add(wasm_v128_load(rows + r * stride + i), ones, level);
      }
      level_sums[r] = fewbits::simd::sum_i32x4(level);
    }
  }
}

float dot_levels(const float* x, const std::int8_t* levels, std::size_t n) {
  v128_t sum = wasm_f32x4_splat(0);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t level = wasm_i16x8_load8x8(levels + i);
    const v128_t low = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(level));
    const v128_t high = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(level));
    sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load(x + i), low));
    sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load(x + i + 4), high));
  }
  float lanes[4];
  wasm_v128_store(lanes, sum);
  for (; i < n; ++i) lanes[i % 4] += x[i] * static_cast<float>(levels[i]);
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

std::uint64_t above(const float* scores, float threshold) {
  const v128_t limit = wasm_f32x4_splat(threshold);
  std::uint64_t mask = 0;
  for (std::size_t r = 0; r < kBlockRows; r += 16) {
    v128_t over[4];
    for (std::size_t j = 0; j < 4; ++j) {
      over[j] = wasm_f32x4_gt(wasm_v128_load(scores + r + 4 * j), limit);
    }
    const v128_t bytes = wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(over[0], over[1]),
                                                 wasm_i16x8_narrow_i32x4(over[2], over[3]));
    mask |= static_cast<std::uint64_t>(static_cast<std::uint16_t>(wasm_i8x16_bitmask(bytes))) << r;
  }
  return mask;
}

}  // namespace fewbits::vectors::simd

#endif
