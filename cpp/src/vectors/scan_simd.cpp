#include <algorithm>

#include "simd/simd.h"
#include "vectors/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::vectors::simd {

using fewbits::simd::dot_i8x16_u7x16_add;
using fewbits::simd::lookup16;

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
