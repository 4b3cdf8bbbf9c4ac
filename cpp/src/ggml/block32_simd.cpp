// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0: one scale per 32 values. Long because five types have an encoder
// and a decoder each.

#include "ggml/lanes.h"

#if FEWBITS_SIMD

#include <cmath>

#include "ggml/kernels.h"
#include "ggml/search_simd.h"
#include "ggml/widen_simd.h"

namespace fewbits::ggml::simd {
namespace {

/// The reciprocal of a scale, 0 for 0. Subnormal scales have no finite one: the scalar body handles
/// them.
FEWBITS_GGML_INLINE float inverse(float scale) {
  return scale != 0 ? 1.0f / scale : 0.0f;
}

FEWBITS_GGML_INLINE void load32(const float* x, v128_t* values) {
  for (int i = 0; i < 8; ++i) values[i] = wasm_v128_load(x + 4 * i);
}

FEWBITS_GGML_INLINE float max_lane(v128_t v) {
  const v128_t pairs = wasm_f32x4_pmax(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  const v128_t all = wasm_f32x4_pmax(pairs, wasm_i32x4_shuffle(pairs, pairs, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(all, 0);
}

struct Range {
  float low;
  float high;
};

FEWBITS_GGML_INLINE Range range_of(const v128_t* values) {
  v128_t low = values[0];
  v128_t high = values[0];
  for (int i = 1; i < 8; ++i) {
    low = wasm_f32x4_pmin(low, values[i]);
    high = wasm_f32x4_pmax(high, values[i]);
  }
  return {-max_lane(wasm_f32x4_neg(low)), max_lane(high)};
}

/// Conversion of small floats to integers, with its constants.
struct Truncation {
  v128_t shift = fewbits::simd::constant_f32x4(0x1p23f);
  v128_t byte = fewbits::simd::constant_i32x4(255);

  /// 32 codes truncate(x * by + offset), at most `top`; values are in 0..127.
  FEWBITS_GGML_INLINE void codes32(const v128_t* values, float by, float offset, int top,
                                   v128_t* codes) const {
    v128_t integers[8];
    for (int i = 0; i < 8; ++i) {
      const v128_t scaled =
          wasm_f32x4_add(wasm_f32x4_mul(values[i], wasm_f32x4_splat(by)), wasm_f32x4_splat(offset));
      // The low bits of a float above 2^23 are its integer.
      integers[i] = wasm_v128_and(wasm_f32x4_add(wasm_f32x4_floor(scaled), shift), byte);
    }
    const v128_t most = wasm_i8x16_splat(static_cast<std::int8_t>(top));
    codes[0] = wasm_u8x16_min(narrow(integers[0], integers[1], integers[2], integers[3]), most);
    codes[1] = wasm_u8x16_min(narrow(integers[4], integers[5], integers[6], integers[7]), most);
  }
};

FEWBITS_GGML_INLINE v128_t low_nibbles(const v128_t* codes) {
  const v128_t mask = wasm_i8x16_splat(15);
  return wasm_v128_or(wasm_v128_and(codes[0], mask),
                      wasm_i8x16_shl(wasm_v128_and(codes[1], mask), 4));
}

/// Stores four bits per value, or five with the fifth separately.
FEWBITS_GGML_INLINE void store_codes(const v128_t* codes, std::uint8_t* high, std::uint8_t* out) {
  wasm_v128_store(out, low_nibbles(codes));
  if (high == nullptr) return;
  const auto fifth = [](v128_t v) {
    return static_cast<std::uint32_t>(wasm_i8x16_bitmask(wasm_i8x16_shl(v, 3)));
  };
  const std::uint32_t bits = fifth(codes[0]) | (fifth(codes[1]) << 16);
  std::memcpy(high, &bits, 4);
}

/// Whether 1 / scale is infinite though scale is not 0.
FEWBITS_GGML_INLINE bool too_small(float scale) {
  return scale != 0 && std::isinf(1.0f / scale);
}

/// Q4_0 and Q5_0 of one block; false when the scalar body must do it.
template <typename Block>
FEWBITS_GGML_INLINE bool by_extreme(const Truncation& truncation, const float* x, int half,
                                    std::uint8_t* high, Block* out) {
  v128_t values[8];
  load32(x, values);
  const Range range = range_of(values);
  // Among equal magnitudes the first counts, which only a scan can find.
  if (range.high == -range.low && range.high != 0) return false;
  const float peak = range.high > -range.low ? range.high : range.low < 0 ? range.low : 0.0f;
  const float scale = peak / static_cast<float>(-half);
  if (too_small(scale)) return false;
  v128_t codes[2];
  truncation.codes32(values, inverse(scale), static_cast<float>(half) + 0.5f, 2 * half - 1, codes);
  out->scale.store(scale);
  store_codes(codes, high, out->codes);
  return true;
}

/// Q4_1 and Q5_1 of one block; false when the scalar body must do it.
template <typename Block>
FEWBITS_GGML_INLINE bool by_range(const Truncation& truncation, const float* x, int levels,
                                  std::uint8_t* high, Block* out) {
  v128_t values[8];
  load32(x, values);
  const Range range = range_of(values);
  const float scale = (range.high - range.low) / static_cast<float>(levels);
  // A minimum of zero takes the sign of the first zero.
  if (too_small(scale) || std::isinf(scale) || range.low == 0) return false;
  for (v128_t& value : values) value = wasm_f32x4_sub(value, wasm_f32x4_splat(range.low));
  v128_t codes[2];
  truncation.codes32(values, inverse(scale), 0.5f, levels, codes);
  out->scale.store(scale);
  out->minimum.store(range.low);
  store_codes(codes, high, out->codes);
  return true;
}

FEWBITS_GGML_SHARED float row_variance(const float* x, std::size_t n) {
  float total = 0;
  for (std::size_t i = 0; i < n; ++i) total += x[i] * x[i];
  return total / static_cast<float>(n);
}

/// Values and weights of four blocks from block b on; after the last block, it is repeated.
struct FourBlocks {
  v128_t values[32];
  v128_t weights[32];

  FEWBITS_GGML_SHARED FourBlocks(const float* x, const float* importance, float variance,
                                 std::size_t b, std::size_t blocks) {
    const float* at[4];
    const float* columns[4];
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t block = b + j < blocks ? b + j : blocks - 1;
      at[j] = x + 32 * block;
      columns[j] = importance + 32 * block;
    }
    v128_t lanes[32];
    load_lanes(at, 32, values);
    load_lanes(columns, 32, lanes);
    weigh(32, values, lanes, wasm_f32x4_splat(variance), weights);
  }
};

/// 32 codes clamp(nearest_int(inverse * (x - base)), low, high) + bias.
FEWBITS_GGML_SHARED void round32(const float* x, float by, float base, int low, int high, int bias,
                                 v128_t* codes) {
  v128_t integers[8];
  for (int i = 0; i < 8; ++i) {
    const v128_t v = wasm_f32x4_sub(wasm_v128_load(x + 4 * i), wasm_f32x4_splat(base));
    const v128_t nearest = clamp(nearest_int(wasm_f32x4_mul(wasm_f32x4_splat(by), v)), low, high);
    integers[i] = wasm_i32x4_add(nearest, wasm_i32x4_splat(bias));
  }
  codes[0] = narrow(integers[0], integers[1], integers[2], integers[3]);
  codes[1] = narrow(integers[4], integers[5], integers[6], integers[7]);
}

/// `high_of(block)` is where the fifth bits go, or nullptr.
template <typename Block, typename HighOf>
FEWBITS_GGML_INLINE void search_symmetric(const float* x, std::size_t blocks,
                                          const float* importance, int half, HighOf high_of,
                                          Block* out) {
  const float variance = row_variance(x, 32 * blocks);
  for (std::size_t b = 0; b < blocks; b += 4) {
    const FourBlocks four(x, importance, variance, b, blocks);
    const SymmetricLanes fit = fit_symmetric_32(half, four.values, four.weights);
    float scales[4];
    float inverses[4];
    wasm_v128_store(scales, fit.scale);
    wasm_v128_store(inverses, fit.inverse);
    for (std::size_t j = 0; j < 4 && b + j < blocks; ++j) {
      v128_t codes[2];
      round32(x + 32 * (b + j), inverses[j], 0, -half, half - 1, inverses[j] != 0 ? half : 0,
              codes);
      out[b + j].scale.store(scales[j]);
      store_codes(codes, high_of(out[b + j]), out[b + j].codes);
    }
  }
}

template <typename Block, typename HighOf>
FEWBITS_GGML_INLINE void search_affine(const float* x, std::size_t blocks, const float* importance,
                                       int levels, HighOf high_of, Block* out) {
  const float variance = row_variance(x, 32 * blocks);
  for (std::size_t b = 0; b < blocks; b += 4) {
    const FourBlocks four(x, importance, variance, b, blocks);
    const AffineLanes fit = fit_affine_32(levels, four.values, four.weights, {-0.9f, 0.05f, 36});
    float scales[4];
    float minima[4];
    float inverses[4];
    float bases[4];
    wasm_v128_store(scales, fit.scale);
    wasm_v128_store(minima, wasm_f32x4_neg(fit.minimum));
    wasm_v128_store(inverses, fit.inverse);
    wasm_v128_store(bases, fit.base);
    for (std::size_t j = 0; j < 4 && b + j < blocks; ++j) {
      v128_t codes[2];
      round32(x + 32 * (b + j), inverses[j], bases[j], 0, levels, 0, codes);
      out[b + j].scale.store(scales[j]);
      out[b + j].minimum.store(minima[j]);
      store_codes(codes, high_of(out[b + j]), out[b + j].codes);
    }
  }
}

/// The fifth bits of 32 codes, at bit 4 of each byte.
struct FifthBits {
  v128_t each = fewbits::simd::constant_bytes(bit_of_byte);
  v128_t spread[2] = {fewbits::simd::constant_bytes(first_bytes),
                      fewbits::simd::constant_bytes(last_bytes)};
  v128_t sixteen = fewbits::simd::constant_i32x4(0x10101010);

  FEWBITS_GGML_INLINE v128_t operator()(v128_t bits, int half) const {
    const v128_t mine = wasm_v128_and(fewbits::simd::lookup16(bits, spread[half]), each);
    return wasm_v128_and(wasm_i8x16_eq(mine, each), sixteen);
  }

  static constexpr std::uint8_t bit_of_byte[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                                   1, 2, 4, 8, 16, 32, 64, 128};
  static constexpr std::uint8_t first_bytes[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
  static constexpr std::uint8_t last_bytes[16] = {2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3};
};

}  // namespace

void encode_q4_0(const float* x, std::size_t blocks, const float* importance, BlockQ4_0* out) {
  if (importance != nullptr) {
    const auto none = [](BlockQ4_0&) { return static_cast<std::uint8_t*>(nullptr); };
    search_symmetric(x, blocks, importance, 8, none, out);
    return;
  }
  const Truncation truncation;
  for (std::size_t b = 0; b < blocks; ++b, x += 32, ++out) {
    if (!by_extreme(truncation, x, 8, nullptr, out)) scalar::encode_q4_0(x, 1, nullptr, out);
  }
}

void decode_q4_0(const BlockQ4_0* in, std::size_t blocks, float* out) {
  const Decoding decoding;
  const v128_t bias = fewbits::simd::constant_f32x4(8);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const v128_t scale = wasm_f32x4_splat(in->scale.load());
    const v128_t bytes = wasm_v128_load(in->codes);
    decoding.symmetric(decoding.low(bytes), bias, scale, out);
    decoding.symmetric(decoding.high(bytes), bias, scale, out + 16);
  }
}

void encode_q4_1(const float* x, std::size_t blocks, const float* importance, BlockQ4_1* out) {
  if (importance != nullptr) {
    const auto none = [](BlockQ4_1&) { return static_cast<std::uint8_t*>(nullptr); };
    search_affine(x, blocks, importance, 15, none, out);
    return;
  }
  const Truncation truncation;
  for (std::size_t b = 0; b < blocks; ++b, x += 32, ++out) {
    if (!by_range(truncation, x, 15, nullptr, out)) scalar::encode_q4_1(x, 1, nullptr, out);
  }
}

void decode_q4_1(const BlockQ4_1* in, std::size_t blocks, float* out) {
  const Decoding decoding;
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const v128_t scale = wasm_f32x4_splat(in->scale.load());
    const v128_t less = wasm_f32x4_splat(-in->minimum.load());
    const v128_t bytes = wasm_v128_load(in->codes);
    decoding.affine(decoding.low(bytes), scale, less, out);
    decoding.affine(decoding.high(bytes), scale, less, out + 16);
  }
}

void encode_q5_0(const float* x, std::size_t blocks, const float* importance, BlockQ5_0* out) {
  if (importance != nullptr) {
    search_symmetric(
        x, blocks, importance, 16, [](BlockQ5_0& block) { return block.high; }, out);
    return;
  }
  const Truncation truncation;
  for (std::size_t b = 0; b < blocks; ++b, x += 32, ++out) {
    if (!by_extreme(truncation, x, 16, out->high, out)) scalar::encode_q5_0(x, 1, nullptr, out);
  }
}

void decode_q5_0(const BlockQ5_0* in, std::size_t blocks, float* out) {
  const Decoding decoding;
  const FifthBits fifth;
  const v128_t bias = fewbits::simd::constant_f32x4(16);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const v128_t scale = wasm_f32x4_splat(in->scale.load());
    const v128_t bytes = wasm_v128_load(in->codes);
    const v128_t bits = wasm_v128_load32_zero(in->high);
    const v128_t low = wasm_v128_or(decoding.low(bytes), fifth(bits, 0));
    const v128_t high = wasm_v128_or(decoding.high(bytes), fifth(bits, 1));
    decoding.symmetric(low, bias, scale, out);
    decoding.symmetric(high, bias, scale, out + 16);
  }
}

void encode_q5_1(const float* x, std::size_t blocks, const float* importance, BlockQ5_1* out) {
  if (importance != nullptr) {
    search_affine(
        x, blocks, importance, 31, [](BlockQ5_1& block) { return block.high; }, out);
    return;
  }
  const Truncation truncation;
  for (std::size_t b = 0; b < blocks; ++b, x += 32, ++out) {
    if (!by_range(truncation, x, 31, out->high, out)) scalar::encode_q5_1(x, 1, nullptr, out);
  }
}

void decode_q5_1(const BlockQ5_1* in, std::size_t blocks, float* out) {
  const Decoding decoding;
  const FifthBits fifth;
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const v128_t scale = wasm_f32x4_splat(in->scale.load());
    const v128_t less = wasm_f32x4_splat(-in->minimum.load());
    const v128_t bytes = wasm_v128_load(in->codes);
    const v128_t bits = wasm_v128_load32_zero(in->high);
    const v128_t low = wasm_v128_or(decoding.low(bytes), fifth(bits, 0));
    const v128_t high = wasm_v128_or(decoding.high(bytes), fifth(bits, 1));
    decoding.affine(low, scale, less, out);
    decoding.affine(high, scale, less, out + 16);
  }
}

void encode_q8_0(const float* x, std::size_t blocks, const float* /*importance*/, BlockQ8_0* out) {
  const v128_t sign = fewbits::simd::constant_i32x4(static_cast<std::int32_t>(0x80000000u));
  // The float below 0.5, added away from zero before truncation, rounds as std::round does.
  const v128_t half = fewbits::simd::constant_f32x4(0x1.fffffep-2f);
  for (std::size_t b = 0; b < blocks; ++b, x += 32, ++out) {
    v128_t values[8];
    load32(x, values);
    v128_t largest = abs(values[0]);
    for (int i = 1; i < 8; ++i) largest = wasm_f32x4_pmax(largest, abs(values[i]));
    const float scale = max_lane(largest) / 127.0f;
    if (too_small(scale)) {
      scalar::encode_q8_0(x, 1, nullptr, out);
      continue;
    }
    const v128_t by = wasm_f32x4_splat(inverse(scale));
    v128_t integers[8];
    for (int i = 0; i < 8; ++i) {
      const v128_t scaled = wasm_f32x4_mul(values[i], by);
      const v128_t away = wasm_v128_or(wasm_v128_and(scaled, sign), half);
      integers[i] = wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_add(scaled, away));
    }
    for (int i = 0; i < 2; ++i) {
      const v128_t* const four = integers + 4 * i;
      wasm_v128_store(out->codes + 16 * i,
                      wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(four[0], four[1]),
                                              wasm_i16x8_narrow_i32x4(four[2], four[3])));
    }
    out->scale.store(scale);
  }
}

void decode_q8_0(const BlockQ8_0* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const v128_t scale = wasm_f32x4_splat(in->scale.load());
    decode_signed(wasm_v128_load(in->codes), scale, out);
    decode_signed(wasm_v128_load(in->codes + 16), scale, out + 16);
  }
}

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
