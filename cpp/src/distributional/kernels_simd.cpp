// Coding, errors and moments with SIMD. Long because it holds every kernel of the family, for codes
// of either size.

#include <bit>
#include <cmath>

#include "distributional/kernels.h"
#include "simd/simd.h"

#if FEWBITS_SIMD

namespace fewbits::distributional::simd {
namespace {

/// The |value|s of a vector as doubles: lanes 0 and 1, then 2 and 3.
v128_t low_doubles(v128_t v) {
  return wasm_f64x2_promote_low_f32x4(v);
}
v128_t high_doubles(v128_t v) {
  return wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(v, v, 2, 3, 2, 3));
}

/// The number of values up to the next whole group of four lanes.
std::size_t head(std::size_t n, std::size_t phase) {
  const std::size_t left = (4 - phase % 4) % 4;
  return left < n ? left : n;
}

v128_t gather(const float* levels, std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
  v128_t v = wasm_v128_load32_zero(levels + a);
  v = wasm_v128_load32_lane(levels + b, v, 1);
  v = wasm_v128_load32_lane(levels + c, v, 2);
  return wasm_v128_load32_lane(levels + d, v, 3);
}

/// The number of values from which it pays to rearrange tables first.
constexpr std::size_t kMany = 256;

/// Up to sixteen levels, split into bytes: sixteen codes look up four bytes each.
class FewLevels {
 public:
  FewLevels(const float* levels, std::size_t cells) {
    std::uint8_t bytes[4][16] = {};
    for (std::size_t i = 0; i < cells; ++i) {
      const auto word = std::bit_cast<std::uint32_t>(levels[i]);
      for (std::size_t b = 0; b < 4; ++b) bytes[b][i] = static_cast<std::uint8_t>(word >> 8 * b);
    }
    for (std::size_t b = 0; b < 4; ++b) tables_[b] = wasm_v128_load(bytes[b]);
  }

  void look_up(v128_t codes, v128_t* out) const {
    v128_t bytes[4];
    for (std::size_t b = 0; b < 4; ++b) bytes[b] = fewbits::simd::lookup16(tables_[b], codes);
    const v128_t low[2] = {low_bytes(bytes[0], bytes[1]), high_bytes(bytes[0], bytes[1])};
    const v128_t high[2] = {low_bytes(bytes[2], bytes[3]), high_bytes(bytes[2], bytes[3])};
    for (std::size_t i = 0; i < 2; ++i) {
      out[2 * i] = wasm_i16x8_shuffle(low[i], high[i], 0, 8, 1, 9, 2, 10, 3, 11);
      out[2 * i + 1] = wasm_i16x8_shuffle(low[i], high[i], 4, 12, 5, 13, 6, 14, 7, 15);
    }
  }

 private:
  static v128_t low_bytes(v128_t a, v128_t b) {
    return wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  }
  static v128_t high_bytes(v128_t a, v128_t b) {
    return wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }

  v128_t tables_[4];
};

/// Errors in lanes of doubles.
struct ErrorLanes {
  v128_t absolute[2];
  v128_t squared[2];

  explicit ErrorLanes(const Errors& errors) {
    for (std::size_t i = 0; i < 2; ++i) {
      absolute[i] = wasm_v128_load(errors.absolute + 2 * i);
      squared[i] = wasm_v128_load(errors.squared + 2 * i);
    }
  }

  void add(v128_t value, v128_t level) {
    const v128_t difference[2] = {wasm_f64x2_sub(low_doubles(value), low_doubles(level)),
                                  wasm_f64x2_sub(high_doubles(value), high_doubles(level))};
    for (std::size_t i = 0; i < 2; ++i) {
      absolute[i] = wasm_f64x2_add(absolute[i], wasm_f64x2_abs(difference[i]));
      squared[i] = wasm_f64x2_add(squared[i], wasm_f64x2_mul(difference[i], difference[i]));
    }
  }

  void store(Errors* errors) const {
    for (std::size_t i = 0; i < 2; ++i) {
      wasm_v128_store(errors->absolute + 2 * i, absolute[i]);
      wasm_v128_store(errors->squared + 2 * i, squared[i]);
    }
  }
};

/// Handles up to 16 cells in steps of sixteen values; returns where it stops.
std::size_t add_errors_of_few(const float* x, const std::uint8_t* codes, const float* levels,
                              std::size_t cells, std::size_t i, std::size_t n, ErrorLanes* lanes) {
  const FewLevels table(levels, cells);
  ErrorLanes sums = *lanes;
  for (; i + 16 <= n; i += 16) {
    v128_t level[4];
    table.look_up(wasm_v128_load(codes + i), level);
    for (std::size_t j = 0; j < 4; ++j) sums.add(wasm_v128_load(x + i + 4 * j), level[j]);
  }
  *lanes = sums;
  return i;
}

template <typename Code>
void add_all_errors(const float* x, const Code* codes, const float* levels, std::size_t cells,
                    std::size_t n, std::size_t phase, Errors* errors) {
  std::size_t i = head(n, phase);
  scalar::add_errors(x, codes, levels, cells, i, phase, errors);
  ErrorLanes sums(*errors);
  if constexpr (sizeof(Code) == 1) {
    if (cells <= 16 && n >= kMany) i = add_errors_of_few(x, codes, levels, cells, i, n, &sums);
  }
  for (; i + 4 <= n; i += 4) {
    sums.add(wasm_v128_load(x + i),
             gather(levels, codes[i], codes[i + 1], codes[i + 2], codes[i + 3]));
  }
  sums.store(errors);
  scalar::add_errors(x + i, codes + i, levels, cells, n - i, phase + i, errors);
}

/// Up to 16 cells: every threshold is compared with every value; a true comparison is -1.
void encode_few(const Search& search, const float* x, std::uint8_t* codes) {
  const v128_t x0 = wasm_v128_load(x);
  const v128_t x1 = wasm_v128_load(x + 4);
  const v128_t x2 = wasm_v128_load(x + 8);
  const v128_t x3 = wasm_v128_load(x + 12);
  v128_t n0 = wasm_i32x4_splat(0);
  v128_t n1 = n0;
  v128_t n2 = n0;
  v128_t n3 = n0;
  for (std::uint32_t j = 0; j + 1 < search.cells; ++j) {
    const v128_t t = wasm_v128_load32_splat(search.thresholds + j);
    n0 = wasm_i32x4_sub(n0, wasm_f32x4_ge(x0, t));
    n1 = wasm_i32x4_sub(n1, wasm_f32x4_ge(x1, t));
    n2 = wasm_i32x4_sub(n2, wasm_f32x4_ge(x2, t));
    n3 = wasm_i32x4_sub(n3, wasm_f32x4_ge(x3, t));
  }
  wasm_v128_store(codes, wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(n0, n1),
                                                 wasm_i16x8_narrow_i32x4(n2, n3)));
}

/// The bucket is a monotone function of x, in float arithmetic too, so all thresholds of lower
/// buckets are below x, and none of higher buckets is; the rest is searched without branches.
template <typename Code>
Code search_from(const Search& search, std::uint32_t bucket, float x) {
  std::uint32_t code = search.starts[bucket];
  for (std::uint32_t step = search.top; step > 0; step >>= 1) {
    code += search.thresholds[code + step - 1] <= x ? step : 0;
  }
  return static_cast<Code>(code);
}

template <typename Code>
Code search_one(const Search& search, std::uint32_t bucket, float x) {
  const std::uint32_t code = search.starts[bucket];
  return static_cast<Code>(code + (search.thresholds[code] <= x ? 1 : 0));
}

template <typename Code, bool kOne>
void encode_bucketed(const Search& search, const float* x, std::size_t n, Code* codes) {
  const v128_t low = wasm_f32x4_splat(search.low);
  const v128_t inverse = wasm_f32x4_splat(search.inverse);
  const v128_t last = wasm_f32x4_splat(search.last);
  const v128_t zero = wasm_f32x4_splat(0);
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const v128_t position = wasm_f32x4_mul(wasm_f32x4_sub(wasm_v128_load(x + i), low), inverse);
    const v128_t bucket =
        wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_min(wasm_f32x4_max(position, zero), last));
    const auto find = [&](int lane, std::uint32_t b) {
      codes[i + lane] = kOne ? search_one<Code>(search, b, x[i + lane])
                             : search_from<Code>(search, b, x[i + lane]);
    };
    find(0, static_cast<std::uint32_t>(wasm_i32x4_extract_lane(bucket, 0)));
    find(1, static_cast<std::uint32_t>(wasm_i32x4_extract_lane(bucket, 1)));
    find(2, static_cast<std::uint32_t>(wasm_i32x4_extract_lane(bucket, 2)));
    find(3, static_cast<std::uint32_t>(wasm_i32x4_extract_lane(bucket, 3)));
  }
  scalar::encode(search, x + i, n - i, codes + i);
}

template <typename Code>
void encode_many(const Search& search, const float* x, std::size_t n, Code* codes) {
  if (search.top == 1) {
    encode_bucketed<Code, true>(search, x, n, codes);
  } else {
    encode_bucketed<Code, false>(search, x, n, codes);
  }
}

}  // namespace

bool add_moments(const float* x, std::size_t n, std::size_t phase, double shift, Moments* moments) {
  std::size_t i = head(n, phase);
  if (!scalar::add_moments(x, i, phase, shift, moments)) return false;
  const v128_t shifts = wasm_f64x2_splat(shift);
  const v128_t infinity = wasm_f32x4_splat(__builtin_inff());
  v128_t sum_low = wasm_v128_load(moments->sum);
  v128_t sum_high = wasm_v128_load(moments->sum + 2);
  v128_t square_low = wasm_v128_load(moments->square);
  v128_t square_high = wasm_v128_load(moments->square + 2);
  v128_t least = wasm_f32x4_splat(moments->low);
  v128_t most = wasm_f32x4_splat(moments->high);
  v128_t finite = wasm_i32x4_splat(-1);
  for (; i + 4 <= n; i += 4) {
    const v128_t value = wasm_v128_load(x + i);
    finite = wasm_v128_and(finite, wasm_f32x4_lt(wasm_f32x4_abs(value), infinity));
    least = wasm_f32x4_pmin(least, value);
    most = wasm_f32x4_pmax(most, value);
    const v128_t low = wasm_f64x2_sub(low_doubles(value), shifts);
    const v128_t high = wasm_f64x2_sub(high_doubles(value), shifts);
    sum_low = wasm_f64x2_add(sum_low, low);
    sum_high = wasm_f64x2_add(sum_high, high);
    square_low = wasm_f64x2_add(square_low, wasm_f64x2_mul(low, low));
    square_high = wasm_f64x2_add(square_high, wasm_f64x2_mul(high, high));
  }
  if (!wasm_i32x4_all_true(finite)) return false;
  wasm_v128_store(moments->sum, sum_low);
  wasm_v128_store(moments->sum + 2, sum_high);
  wasm_v128_store(moments->square, square_low);
  wasm_v128_store(moments->square + 2, square_high);
  float lanes[8];
  wasm_v128_store(lanes, least);
  wasm_v128_store(lanes + 4, most);
  for (int lane = 0; lane < 4; ++lane) {
    if (lanes[lane] < moments->low) moments->low = lanes[lane];
    if (lanes[4 + lane] > moments->high) moments->high = lanes[4 + lane];
  }
  return scalar::add_moments(x + i, n - i, phase + i, shift, moments);
}

void encode(const Search& search, const float* x, std::size_t n, std::uint8_t* codes) {
  if (search.cells > 16) return encode_many(search, x, n, codes);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) encode_few(search, x + i, codes + i);
  scalar::encode(search, x + i, n - i, codes + i);
}

void encode(const Search& search, const float* x, std::size_t n, std::uint16_t* codes) {
  encode_many(search, x, n, codes);
}

void add_errors(const float* x, const std::uint8_t* codes, const float* levels, std::size_t cells,
                std::size_t n, std::size_t phase, Errors* errors) {
  add_all_errors(x, codes, levels, cells, n, phase, errors);
}
void add_errors(const float* x, const std::uint16_t* codes, const float* levels, std::size_t cells,
                std::size_t n, std::size_t phase, Errors* errors) {
  add_all_errors(x, codes, levels, cells, n, phase, errors);
}

void decode(const std::uint8_t* codes, const float* levels, std::size_t cells, std::size_t n,
            float* out) {
  std::size_t i = 0;
  if (cells <= 16 && n >= kMany) {
    const FewLevels table(levels, cells);
    for (; i + 16 <= n; i += 16) {
      v128_t level[4];
      table.look_up(wasm_v128_load(codes + i), level);
      for (std::size_t j = 0; j < 4; ++j) wasm_v128_store(out + i + 4 * j, level[j]);
    }
  }
  for (; i + 4 <= n; i += 4) {
    wasm_v128_store(out + i, gather(levels, codes[i], codes[i + 1], codes[i + 2], codes[i + 3]));
  }
  scalar::decode(codes + i, levels, cells, n - i, out + i);
}

void pack_words(const std::uint8_t* codes, std::size_t n, unsigned bits, std::uint64_t* words) {
  std::size_t i = 0;
  if (bits == 4) {
    for (; i + 32 <= n; i += 32) {
      // Two codes per byte, the earlier one in the high half; then the bytes of each word reversed,
      // since the first value goes to the highest bits.
      const v128_t a = wasm_v128_load(codes + i);
      const v128_t b = wasm_v128_load(codes + i + 16);
      const v128_t byte = wasm_i16x8_splat(0xff);
      const v128_t a2 =
          wasm_v128_or(wasm_i16x8_shl(wasm_v128_and(a, byte), 4), wasm_u16x8_shr(a, 8));
      const v128_t b2 =
          wasm_v128_or(wasm_i16x8_shl(wasm_v128_and(b, byte), 4), wasm_u16x8_shr(b, 8));
      wasm_v128_store(words, wasm_i8x16_shuffle(a2, b2, 14, 12, 10, 8, 6, 4, 2, 0, 30, 28, 26, 24,
                                                22, 20, 18, 16));
      words += 2;
    }
  } else if (bits == 8) {
    for (; i + 16 <= n; i += 16) {
      const v128_t a = wasm_v128_load(codes + i);
      wasm_v128_store(
          words, wasm_i8x16_shuffle(a, a, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8));
      words += 2;
    }
  }
  scalar::pack_words(codes + i, n - i, bits, words);
}

void unpack_words(const std::uint64_t* words, std::size_t n, unsigned bits, std::uint8_t* codes) {
  std::size_t i = 0;
  if (bits == 4) {
    const v128_t nibble = fewbits::simd::constant_i32x4(0x0f0f0f0f);
    for (; i + 32 <= n; i += 32, words += 2) {
      const v128_t a = wasm_v128_load(words);
      // The first value is in the highest bits of the last byte.
      const v128_t bytes =
          wasm_i8x16_shuffle(a, a, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
      const v128_t first = wasm_v128_and(wasm_u16x8_shr(bytes, 4), nibble);
      const v128_t second = wasm_v128_and(bytes, nibble);
      wasm_v128_store(codes + i, wasm_i8x16_shuffle(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4,
                                                    20, 5, 21, 6, 22, 7, 23));
      wasm_v128_store(codes + i + 16, wasm_i8x16_shuffle(first, second, 8, 24, 9, 25, 10, 26, 11,
                                                         27, 12, 28, 13, 29, 14, 30, 15, 31));
    }
  } else if (bits == 8) {
    for (; i + 16 <= n; i += 16, words += 2) {
      const v128_t a = wasm_v128_load(words);
      wasm_v128_store(codes + i, wasm_i8x16_shuffle(a, a, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12,
                                                    11, 10, 9, 8));
    }
  }
  scalar::unpack_words(words, n - i, bits, codes + i);
}

}  // namespace fewbits::distributional::simd

#endif
