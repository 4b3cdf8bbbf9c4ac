// The sums of the scan with SIMD: look-ups by shuffles, and dot products of bytes. Long because it
// holds every kernel of the scan.

#include <algorithm>
#include <cstring>

#include "simd/simd.h"
#include "vectors/code/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::vectors::simd {

using fewbits::simd::lookup16;
using fewbits::simd::sums_i32x4;

namespace {

/// 16-bit sums of bytes, two per lane: adding whole lanes counts the odd byte 256-fold, which `odd`
/// corrects at the end. This takes one addition less per step than splitting the bytes first.
struct ByteSums {
  v128_t both = wasm_i16x8_splat(0);
  v128_t odd = wasm_i16x8_splat(0);

  void add(v128_t bytes) {
    both = wasm_i16x8_add(both, bytes);
    odd = wasm_i16x8_add(odd, wasm_u16x8_shr(bytes, 8));
  }

  /// Writes sixteen sums, added to the existing ones unless it is the first time.
  void flush(std::int32_t* sums, bool first) const {
    const v128_t even = wasm_i16x8_sub(both, wasm_i16x8_shl(odd, 8));
    const v128_t low = wasm_i16x8_shuffle(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
    const v128_t high = wasm_i16x8_shuffle(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
    v128_t parts[4] = {wasm_u32x4_extend_low_u16x8(low), wasm_u32x4_extend_high_u16x8(low),
                       wasm_u32x4_extend_low_u16x8(high), wasm_u32x4_extend_high_u16x8(high)};
    for (std::size_t i = 0; i < 4; ++i) {
      if (!first) parts[i] = wasm_i32x4_add(parts[i], wasm_v128_load(sums + 4 * i));
      wasm_v128_store(sums + 4 * i, parts[i]);
    }
  }
};

/// The averaged look-ups of two byte columns for sixteen rows.
v128_t look_up(v128_t code0, v128_t code1, const v128_t* tables, v128_t nibble) {
  const v128_t first =
      wasm_u8x16_avgr(lookup16(tables[0], wasm_v128_and(code0, nibble)),
                      lookup16(tables[1], wasm_v128_and(wasm_u16x8_shr(code0, 4), nibble)));
  const v128_t second =
      wasm_u8x16_avgr(lookup16(tables[2], wasm_v128_and(code1, nibble)),
                      lookup16(tables[3], wasm_v128_and(wasm_u16x8_shr(code1, 4), nibble)));
  return wasm_u8x16_avgr(first, second);
}

/// Adds groups of columns, [lut, end), for 64 rows: 16 per vector.
void add_groups(const std::uint8_t* codes, const std::uint8_t* lut, const std::uint8_t* end,
                ByteSums* total) {
  const v128_t nibble = fewbits::simd::constant_i32x4(0x0F0F0F0F);
  ByteSums sum[4] = {total[0], total[1], total[2], total[3]};
  // This needs more registers than x86 has; 32 rows at a time, which would fit, measured slower.
  for (; lut != end; codes += kGroupColumns * kBlockRows, lut += kGroupColumns * 32) {
    v128_t mean[4];
    FEWBITS_UNROLLED
    for (std::size_t c = 0; c < kGroupColumns; c += 2) {
      v128_t tables[4];
      FEWBITS_UNROLLED
      for (std::size_t i = 0; i < 4; ++i) tables[i] = wasm_v128_load(lut + 32 * c + 16 * i);
      FEWBITS_UNROLLED
      for (std::size_t v = 0; v < 4; ++v) {
        const std::uint8_t* at = codes + c * kBlockRows + 16 * v;
        const v128_t four =
            look_up(wasm_v128_load(at), wasm_v128_load(at + kBlockRows), tables, nibble);
        mean[v] = c == 0 ? four : wasm_u8x16_avgr(mean[v], four);
      }
    }
    FEWBITS_UNROLLED
    for (std::size_t v = 0; v < 4; ++v) sum[v].add(mean[v]);
  }
  FEWBITS_UNROLLED
  for (std::size_t v = 0; v < 4; ++v) total[v] = sum[v];
}

}  // namespace

void lut_scan(const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* lut,
              std::int32_t* sums) {
  constexpr std::size_t kFlush = 256 * kGroupColumns;  // 256 * 255 < 2^16
  for (std::size_t p = 0; p < bytes; p += kFlush) {
    const std::size_t part = std::min(bytes - p, kFlush);
    const std::size_t rest = part % kGroupColumns;
    const std::uint8_t* code = codes + p * kBlockRows;
    const std::uint8_t* table = lut + 32 * p;
    ByteSums total[4];
    add_groups(code, table, table + 32 * (part - rest), total);
    if (rest != 0) {
      // An incomplete group: missing columns look up 0.
      alignas(16) std::uint8_t last_codes[kGroupColumns * kBlockRows] = {};
      alignas(16) std::uint8_t last_lut[kGroupColumns * 32] = {};
      std::memcpy(last_codes, code + (part - rest) * kBlockRows, rest * kBlockRows);
      std::memcpy(last_lut, table + (part - rest) * 32, rest * 32);
      add_groups(last_codes, last_lut, last_lut + sizeof(last_lut), total);
    }
    for (std::size_t v = 0; v < 4; ++v) total[v].flush(sums + 16 * v, p == 0);
  }
}

namespace {

// Ways to sum products of codes and query values, kStep at a time; all give the same sums.
#if defined(__wasm_relaxed_simd__)
struct DotAdd {
  static constexpr std::size_t kStep = 16;
  static v128_t codes(const std::int8_t* at) { return wasm_v128_load(at); }
  static v128_t values(const std::uint8_t* at) { return wasm_v128_load(at); }
  v128_t operator()(v128_t code, v128_t value, v128_t sum) const {
    return fewbits::simd::dot_i8x16_u7x16_add(code, value, sum);
  }
};

struct DotPairs : DotAdd {
  v128_t ones = fewbits::simd::constant_i32x4(0x00010001);
  v128_t operator()(v128_t code, v128_t value, v128_t sum) const {
    return fewbits::simd::dot_i8x16_u7x16_add_pairs(code, value, sum, ones);
  }
};
#else
/// Widens values as they are loaded.
struct DotWide {
  static constexpr std::size_t kStep = 8;
  static v128_t codes(const std::int8_t* at) { return wasm_i16x8_load8x8(at); }
  static v128_t values(const std::uint8_t* at) { return wasm_u16x8_load8x8(at); }
  v128_t operator()(v128_t code, v128_t value, v128_t sum) const {
    return wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(code, value));
  }
};
#endif

template <typename Work>
void with_dot(const Work& work) {
#if defined(__wasm_relaxed_simd__)
  if (fewbits::simd::dot_is_two_multiplications()) return work(DotPairs());
  return work(DotAdd());
#else
  return work(DotWide());
#endif
}

/// Sums of Rows rows with Queries queries, with pointers that advance: computing an address again
/// costs as much as the load.
template <std::size_t Rows, std::size_t Queries, typename Dot>
struct DotTile {
  const std::int8_t* row[Rows];
  const std::uint8_t* query[Queries];
  v128_t sum[Rows][Queries];

  DotTile(const std::int8_t* rows, const std::uint8_t* queries, std::size_t stride) {
    for (std::size_t r = 0; r < Rows; ++r) row[r] = rows + r * stride;
    for (std::size_t q = 0; q < Queries; ++q) query[q] = queries + q * stride;
    for (auto& of_row : sum) {
      for (v128_t& s : of_row) s = wasm_i32x4_splat(0);
    }
  }

  template <std::size_t Dims>
  void add(const Dot& dot) {
    FEWBITS_UNROLLED
    for (std::size_t i = 0; i < Dims; i += Dot::kStep) {
      v128_t code[Rows];
      FEWBITS_UNROLLED
      for (std::size_t r = 0; r < Rows; ++r) code[r] = Dot::codes(row[r] + i);
      FEWBITS_UNROLLED
      for (std::size_t q = 0; q < Queries; ++q) {
        const v128_t value = Dot::values(query[q] + i);
        FEWBITS_UNROLLED
        for (std::size_t r = 0; r < Rows; ++r) sum[r][q] = dot(code[r], value, sum[r][q]);
      }
    }
    FEWBITS_UNROLLED
    for (const std::int8_t*& at : row) at += Dims;
    FEWBITS_UNROLLED
    for (const std::uint8_t*& at : query) at += Dims;
  }

  /// Unrolled where a round does little, because V8 checks its stack limit at the head of each
  /// loop.
  void add_all(const Dot& dot, std::size_t dims) {
    if constexpr (Queries == 1) {
      for (; dims >= 64; dims -= 64) add<64>(dot);
    }
    for (; dims != 0; dims -= 16) add<16>(dot);
  }
};

/// Two rows at a time: codes are read from memory in one stream, which is about twice as fast as
/// reading four rows side by side.
template <typename Dot>
void dot_rows(const Dot& dot, const std::int8_t* rows, std::size_t stride,
              const std::uint8_t* query, std::int32_t* sums) {
  for (std::size_t r = 0; r < kBlockRows; r += 4) {
    DotTile<2, 1, Dot> first(rows + r * stride, query, stride);
    first.add_all(dot, stride);
    DotTile<2, 1, Dot> second(rows + (r + 2) * stride, query, stride);
    second.add_all(dot, stride);
    wasm_v128_store(
        sums + r, sums_i32x4(first.sum[0][0], first.sum[1][0], second.sum[0][0], second.sum[1][0]));
  }
}

template <typename Dot>
void dot_rows4(const Dot& dot, const std::int8_t* rows, std::size_t stride,
               const std::uint8_t* queries, std::int32_t* sums) {
  for (std::size_t r = 0; r < kBlockRows; r += 2) {
    DotTile<2, 4, Dot> tile(rows + r * stride, queries, stride);
    tile.add_all(dot, stride);
    for (std::size_t j = 0; j < 2; ++j) {
      std::int32_t of_row[4];
      wasm_v128_store(of_row,
                      sums_i32x4(tile.sum[j][0], tile.sum[j][1], tile.sum[j][2], tile.sum[j][3]));
      for (std::size_t q = 0; q < 4; ++q) sums[q * kBlockRows + r + j] = of_row[q];
    }
  }
}

}  // namespace

void dot_scan(const std::int8_t* rows, std::size_t stride, const std::uint8_t* query,
              std::int32_t* sums) {
  with_dot([&](const auto& dot) { dot_rows(dot, rows, stride, query, sums); });
}

void dot_scan4(const std::int8_t* rows, std::size_t stride, const std::uint8_t* queries,
               std::int32_t* sums) {
  with_dot([&](const auto& dot) { dot_rows4(dot, rows, stride, queries, sums); });
}

namespace {

v128_t sum_row(const std::int8_t* at, std::size_t n) {
  const auto pairs = [&](std::size_t i) {
    return wasm_i16x8_extadd_pairwise_i8x16(wasm_v128_load(at + i));
  };
  v128_t sum = wasm_i32x4_splat(0);
  for (; n >= 64; n -= 64, at += 64) {
    const v128_t low = wasm_i16x8_add(pairs(0), pairs(16));
    const v128_t high = wasm_i16x8_add(pairs(32), pairs(48));
    sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_add(low, high)));
  }
  for (; n != 0; n -= 16, at += 16) {
    sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(pairs(0)));
  }
  return sum;
}

}  // namespace

void row_sums(const std::int8_t* rows, std::size_t stride, std::int32_t* sums) {
  FEWBITS_ROLLED
  for (std::size_t r = 0; r < kBlockRows; r += 4) {
    const std::int8_t* at = rows + r * stride;
    wasm_v128_store(sums + r,
                    sums_i32x4(sum_row(at, stride), sum_row(at + stride, stride),
                               sum_row(at + 2 * stride, stride), sum_row(at + 3 * stride, stride)));
  }
}

void bit_scan(const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* query,
              std::int32_t* sums) {
  constexpr std::size_t kFlush = 31;  // 31 * 8 < 2^8, and kMaxDims < 2^16
  v128_t total[8];
  for (v128_t& part : total) part = wasm_i16x8_splat(0);
  const std::uint8_t* const end = query + bytes;
  while (query != end) {
    const std::uint8_t* const until = query + std::min<std::size_t>(kFlush, end - query);
    v128_t counts[4];
    for (v128_t& count : counts) count = wasm_i8x16_splat(0);
    for (; query != until; ++query, codes += kBlockRows) {
      const v128_t wanted = wasm_v128_load8_splat(query);
      FEWBITS_UNROLLED
      for (std::size_t v = 0; v < 4; ++v) {
        const v128_t differ = wasm_v128_xor(wasm_v128_load(codes + 16 * v), wanted);
        counts[v] = wasm_i8x16_add(counts[v], wasm_i8x16_popcnt(differ));
      }
    }
    for (std::size_t v = 0; v < 4; ++v) {
      total[2 * v] = wasm_i16x8_add(total[2 * v], wasm_u16x8_extend_low_u8x16(counts[v]));
      total[2 * v + 1] = wasm_i16x8_add(total[2 * v + 1], wasm_u16x8_extend_high_u8x16(counts[v]));
    }
  }
  for (std::size_t i = 0; i < 8; ++i) {
    wasm_v128_store(sums + 8 * i, wasm_u32x4_extend_low_u16x8(total[i]));
    wasm_v128_store(sums + 8 * i + 4, wasm_u32x4_extend_high_u16x8(total[i]));
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

namespace {

/// Stores the results of `score_at` for four rows at a time, plus `added` values if there are any,
/// and returns which are above the threshold.
template <typename Score>
std::uint64_t store_scores(const Score& score_at, const float* added, float weight, float threshold,
                           float* scores) {
  const v128_t limit = wasm_f32x4_splat(threshold);
  std::uint64_t mask = 0;
  FEWBITS_ROLLED
  for (std::size_t r = 0; r < kBlockRows; r += 16) {
    v128_t over[4];
    FEWBITS_UNROLLED
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t at = r + 4 * j;
      v128_t score = score_at(at);
      if (added != nullptr) {
        const v128_t more = wasm_f32x4_mul(wasm_f32x4_splat(weight), wasm_v128_load(added + at));
        score = wasm_f32x4_add(score, more);
      }
      wasm_v128_store(scores + at, score);
      over[j] = wasm_f32x4_gt(score, limit);
    }
    const v128_t bytes = wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(over[0], over[1]),
                                                 wasm_i16x8_narrow_i32x4(over[2], over[3]));
    mask |= static_cast<std::uint64_t>(static_cast<std::uint16_t>(wasm_i8x16_bitmask(bytes))) << r;
  }
  return mask;
}

}  // namespace

std::uint64_t estimate(const std::int32_t* sums, float base, float step, const float* factors,
                       const float* added, float weight, float threshold, float* estimates) {
  const v128_t start = wasm_f32x4_splat(base);
  const v128_t scale = wasm_f32x4_splat(step);
  const auto score_at = [&](std::size_t at) {
    const v128_t sum = wasm_f32x4_convert_i32x4(wasm_v128_load(sums + at));
    return wasm_f32x4_mul(wasm_f32x4_add(start, wasm_f32x4_mul(scale, sum)),
                          wasm_v128_load(factors + at));
  };
  return store_scores(score_at, added, weight, threshold, estimates);
}

std::uint64_t above(float* estimates, const float* added, float weight, float threshold) {
  const auto score_at = [&](std::size_t at) { return wasm_v128_load(estimates + at); };
  return store_scores(score_at, added, weight, threshold, estimates);
}

}  // namespace fewbits::vectors::simd

#endif
