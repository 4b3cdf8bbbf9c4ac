// Q2_K, Q3_K, Q4_K, Q5_K, Q6_K: super-blocks of 256 values, four sub-blocks at a time. Long because
// five types have an encoder and a decoder each.

#include "ggml/lanes.h"

#if FEWBITS_SIMD

#include "ggml/kernels.h"
#include "ggml/search_simd.h"
#include "ggml/sub_scales.h"
#include "ggml/widen_simd.h"

namespace fewbits::ggml::simd {
namespace {

FEWBITS_GGML_SHARED float sum_of_squares(const float* x) {
  float total = 0;
  FEWBITS_ROLLED
  for (int i = 0; i < 256; ++i) total += x[i] * x[i];
  return total;
}

/// 16 codes clamp(nearest_int(round_of(v)), low, high) + bias of x[0..15].
template <typename Of>
FEWBITS_GGML_INLINE void round16(const float* x, int low, int high, int bias, Of of,
                                 std::uint8_t* codes) {
  v128_t integers[4];
  for (int i = 0; i < 4; ++i) {
    const v128_t nearest = clamp(nearest_int(of(wasm_v128_load(x + 4 * i))), low, high);
    integers[i] = wasm_i32x4_add(nearest, wasm_i32x4_splat(bias));
  }
  wasm_v128_store(codes, narrow(integers[0], integers[1], integers[2], integers[3]));
}

/// The layout of pack_quarters.
FEWBITS_GGML_SHARED void store_quarters(const std::uint8_t* codes, std::uint8_t* out) {
  const v128_t mask = wasm_i8x16_splat(3);
  FEWBITS_ROLLED
  for (int i = 0; i < 4; ++i) {
    const std::uint8_t* const c = codes + 128 * (i / 2) + 16 * (i % 2);
    v128_t bits = wasm_v128_and(wasm_v128_load(c + 96), mask);
    for (int k = 64; k >= 0; k -= 32) {
      bits = wasm_v128_or(wasm_i8x16_shl(bits, 2), wasm_v128_and(wasm_v128_load(c + k), mask));
    }
    wasm_v128_store(out + 16 * i, bits);
  }
}

/// The layout of pack_nibbles.
FEWBITS_GGML_SHARED void store_nibbles(const std::uint8_t* codes, std::uint8_t* out) {
  const v128_t mask = wasm_i8x16_splat(15);
  FEWBITS_ROLLED
  for (int i = 0; i < 8; ++i) {
    const std::uint8_t* const c = codes + 64 * (i / 2) + 16 * (i % 2);
    const v128_t low = wasm_v128_and(wasm_v128_load(c), mask);
    const v128_t high = wasm_v128_and(wasm_v128_load(c + 32), mask);
    wasm_v128_store(out + 16 * i, wasm_v128_or(low, wasm_i8x16_shl(high, 4)));
  }
}

/// The layout of pack_bit.
FEWBITS_GGML_SHARED void store_bit(const std::uint8_t* codes, int bit, std::uint8_t* out) {
  const v128_t mask = wasm_i8x16_splat(static_cast<std::int8_t>(1 << bit));
  for (int j = 0; j < 32; j += 16) {
    v128_t bits = wasm_i8x16_splat(0);
    v128_t place = wasm_i8x16_splat(1);
    for (int k = 0; k < 8; ++k) {
      const v128_t code = wasm_v128_and(wasm_v128_load(codes + 32 * k + j), mask);
      bits = wasm_v128_or(bits, wasm_v128_and(wasm_i8x16_eq(code, mask), place));
      place = wasm_i8x16_add(place, place);
    }
    wasm_v128_store(out + j, bits);
  }
}

/// The result of the first level: how the search found the codes of each sub-block.
struct Found {
  float inverses[16];
  float bases[16];
};

/// The search of the formats with minima, in n sub-blocks of `size` values.
template <int n, int size>
FEWBITS_GGML_SHARED void search_affine(const float* x, int levels, const float* importance,
                                       float variance, search::Grid grid, SubBlocks* sub,
                                       Found* found) {
  FEWBITS_ROLLED
  for (int j = 0; j < n; j += 4) {
    v128_t values[size];
    v128_t weights[size];
    load_consecutive(x + size * j, size, values);
    AffineLanes fit;
    if (importance != nullptr) {
      v128_t columns[size];
      load_consecutive(importance + size * j, size, columns);
      weigh(size, values, columns, wasm_f32x4_splat(variance), weights);
      wasm_v128_store(sub->weights + j, sum(size, weights));
      constexpr search::Grid fine = {-0.9f, 0.05f, 36};
      if constexpr (size == 16) {
        fit = fit_affine_16(levels, values, weights, fine);
      } else {
        fit = fit_affine_32(levels, values, weights, fine);
      }
    } else if constexpr (size == 16) {
      FEWBITS_ROLLED
      for (int i = 0; i < size; ++i) weights[i] = abs(values[i]);
      fit = fit_affine_16_absolute(levels, values, weights, grid);
    } else {
      const v128_t square = simd::sum_of_squares(size, values);
      const v128_t level = wasm_f32x4_sqrt(wasm_f32x4_div(square, wasm_f32x4_splat(size)));
      FEWBITS_ROLLED
      for (int i = 0; i < size; ++i) weights[i] = wasm_f32x4_add(level, abs(values[i]));
      fit = fit_affine_32(levels, values, weights, grid);
    }
    wasm_v128_store(sub->scales + j, fit.scale);
    wasm_v128_store(sub->minima + j, fit.minimum);
    wasm_v128_store(found->inverses + j, fit.inverse);
    wasm_v128_store(found->bases + j, fit.base);
  }
}

/// Codes with the final scales of sub-blocks of `size` values; where a scale is 0, codes of the
/// search stay.
FEWBITS_GGML_SHARED void quantize_affine(const float* x, int size, int levels, const Steps& steps,
                                         const Found& found, std::uint8_t* codes) {
  FEWBITS_ROLLED
  for (int i = 0; i < 256; i += 16) {
    const int j = i / size;
    if (steps.scales[j] != 0) {
      const v128_t minimum = wasm_f32x4_splat(steps.minima[j]);
      const v128_t scale = wasm_f32x4_splat(steps.scales[j]);
      const auto of = [=](v128_t v) { return wasm_f32x4_div(wasm_f32x4_add(v, minimum), scale); };
      round16(x + i, 0, levels, 0, of, codes + i);
    } else {
      const v128_t inverse = wasm_f32x4_splat(found.inverses[j]);
      const v128_t base = wasm_f32x4_splat(found.bases[j]);
      const auto of = [=](v128_t v) { return wasm_f32x4_mul(inverse, wasm_f32x4_sub(v, base)); };
      round16(x + i, 0, levels, 0, of, codes + i);
    }
  }
}

/// 16 codes of a sub-block around `half`, with its final scale.
FEWBITS_GGML_INLINE void quantize_symmetric(const float* x, int half, float scale,
                                            std::uint8_t* codes) {
  const v128_t by = wasm_f32x4_splat(scale);
  round16(
      x, -half, half - 1, half, [by](v128_t v) { return wasm_f32x4_div(v, by); }, codes);
}

/// The symmetric search in 16 sub-blocks. Weights are x^2 or, if given, the `importance`, which is
/// weighed by `variance` unless that is null.
FEWBITS_GGML_SHARED void search_symmetric(const float* x, int half, const float* importance,
                                          const float* variance, SubBlocks* sub, Found* found) {
  FEWBITS_ROLLED
  for (int j = 0; j < 16; j += 4) {
    v128_t values[16];
    v128_t weights[16];
    load_consecutive(x + 16 * j, 16, values);
    if (importance == nullptr) {
      FEWBITS_ROLLED
      for (int i = 0; i < 16; ++i) weights[i] = wasm_f32x4_mul(values[i], values[i]);
    } else if (variance == nullptr) {
      load_consecutive(importance + 16 * j, 16, weights);
    } else {
      v128_t columns[16];
      load_consecutive(importance + 16 * j, 16, columns);
      weigh(16, values, columns, wasm_f32x4_splat(*variance), weights);
      wasm_v128_store(sub->weights + j, sum(16, weights));
    }
    const SymmetricLanes fit = fit_symmetric_16(half, values, weights);
    wasm_v128_store(sub->scales + j, fit.scale);
    wasm_v128_store(found->inverses + j, fit.inverse);
  }
}

FEWBITS_GGML_SHARED void quantize_symmetric_searched(const float* x, int half, const Steps& steps,
                                                     const Found& found, std::uint8_t* codes) {
  FEWBITS_ROLLED
  for (int j = 0; j < 16; ++j) {
    if (steps.scales[j] != 0) {
      quantize_symmetric(x + 16 * j, half, steps.scales[j], codes + 16 * j);
    } else {
      const v128_t inverse = wasm_f32x4_splat(found.inverses[j]);
      const int bias = found.inverses[j] != 0 ? half : 0;
      round16(
          x + 16 * j, -half, half - 1, bias,
          [inverse](v128_t v) { return wasm_f32x4_mul(inverse, v); }, codes + 16 * j);
    }
  }
}

/// 16 bytes, unsigned or minus `bias`, times scale.
FEWBITS_GGML_INLINE void steps16(const Widen& widen, v128_t codes, float scale, float bias,
                                 float* out) {
  for (int i = 0; i < 4; ++i) {
    const v128_t code =
        wasm_f32x4_sub(wasm_f32x4_convert_i32x4(widen(codes, i)), wasm_f32x4_splat(bias));
    wasm_v128_store(out + 4 * i, wasm_f32x4_mul(wasm_f32x4_splat(scale), code));
  }
}

}  // namespace

void encode_q2_K(const float* x, std::size_t blocks, const float* importance, BlockQ2_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    SubBlocks sub;
    Found found;
    const float* weights = importance != nullptr ? importance + 256 * b : nullptr;
    const float variance = importance != nullptr ? sum_of_squares(x) / 256 : 0.0f;
    search_affine<16, 16>(x, 3, weights, variance, {-0.5f, 0.1f, 15}, &sub, &found);
    const Steps steps = finish_q2_K(sub, importance != nullptr, out);
    std::uint8_t codes[256];
    quantize_affine(x, 16, 3, steps, found, codes);
    store_quarters(codes, out->codes);
  }
}

void decode_q2_K(const BlockQ2_K* in, std::size_t blocks, float* out) {
  const Decoding decoding;
  const FourFloats floats;
  const v128_t places = fewbits::simd::constant_i32x4(0x0C0C0C0C);
  const v128_t codes = wasm_f32x4_const(0, 1, 2, 3);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const v128_t sub = wasm_v128_load(in->scales);
    float scales[16];
    float minima[16];
    steps16(decoding.widen, decoding.low(sub), in->scale.load(), 0, scales);
    steps16(decoding.widen, decoding.high(sub), in->minimum.load(), 0, minima);
    // Sub-blocks 2 k and 2 k + 1 of a half are the bits 2 k of its two runs of 16 bytes.
    for (int run = 0; run < 4; ++run) {
      // Four times the first codes; the bits of neighbours never reach those that are used.
      v128_t bits = wasm_i16x8_shl(wasm_v128_load(in->codes + 16 * run), 2);
      for (int k = 0; k < 4; ++k) {
        if (k == 1) bits = wasm_v128_load(in->codes + 16 * run);
        if (k > 1) bits = wasm_u16x8_shr(bits, 2);
        const int j = 8 * (run / 2) + 2 * k + run % 2;
        const v128_t table =
            wasm_f32x4_sub(wasm_f32x4_mul(wasm_v128_load32_splat(scales + j), codes),
                           wasm_v128_load32_splat(minima + j));
        const v128_t at = wasm_v128_and(bits, places);
        for (int i = 0; i < 4; ++i) wasm_v128_store(out + 16 * j + 4 * i, floats(table, at, i));
      }
    }
  }
}

void encode_q3_K(const float* x, std::size_t blocks, const float* importance, BlockQ3_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    SubBlocks sub;
    Found found;
    std::uint8_t codes[256];
    if (importance != nullptr) {
      const float variance = 2 * sum_of_squares(x) / 256;
      search_symmetric(x, 4, importance + 256 * b, &variance, &sub, &found);
      const Steps steps = finish_q3_K(sub, true, out);
      quantize_symmetric_searched(x, 4, steps, found, codes);
    } else {
      refine_symmetric_16x16(4, x, sub.scales);
      const Steps steps = finish_q3_K(sub, false, out);
      FEWBITS_ROLLED
      for (int j = 0; j < 16; ++j) {
        if (steps.scales[j] != 0) {
          quantize_symmetric(x + 16 * j, 4, steps.scales[j], codes + 16 * j);
        } else {
          search::refine_symmetric(16, 4, x + 16 * j, codes + 16 * j);
        }
      }
    }
    store_bit(codes, 2, out->high);
    store_quarters(codes, out->codes);
  }
}

void decode_q3_K(const BlockQ3_K* in, std::size_t blocks, float* out) {
  const Decoding decoding;
  const v128_t three = fewbits::simd::constant_i32x4(0x03030303);
  const v128_t four = fewbits::simd::constant_i32x4(0x04040404);
  const v128_t bias = fewbits::simd::constant_f32x4(4);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    std::uint8_t sub[16];
    unpack_scales_q3(in->scales, sub);
    float scales[16];
    steps16(decoding.widen, wasm_v128_load(sub), in->scale.load(), 32, scales);
    for (int run = 0; run < 4; ++run) {
      v128_t bits = wasm_v128_load(in->codes + 16 * run);
      // The third bits of sub-block 2 k at bit 2; in the second half they start there.
      const v128_t third = wasm_v128_load(in->high + 16 * (run % 2));
      v128_t high = run < 2 ? wasm_i16x8_shl(third, 2) : wasm_u16x8_shr(third, 2);
      for (int k = 0; k < 4; ++k) {
        const int j = 8 * (run / 2) + 2 * k + run % 2;
        const v128_t codes = wasm_v128_or(wasm_v128_and(bits, three), wasm_v128_and(high, four));
        decoding.symmetric(codes, bias, wasm_v128_load32_splat(scales + j), out + 16 * j);
        bits = wasm_u16x8_shr(bits, 2);
        high = wasm_u16x8_shr(high, 1);
      }
    }
  }
}

namespace {

template <typename Block>
FEWBITS_GGML_INLINE void encode_eight(const float* x, const float* importance, int levels,
                                      search::Grid grid, std::uint8_t* codes, Block* out) {
  SubBlocks sub;
  Found found;
  const float variance = importance != nullptr ? 2 * sum_of_squares(x) / 256 : 0.0f;
  search_affine<8, 32>(x, levels, importance, variance, grid, &sub, &found);
  const Steps steps = finish_eight(sub, importance != nullptr, levels == 31, &out->scale,
                                   &out->minimum, out->scales);
  quantize_affine(x, 32, levels, steps, found, codes);
}

/// Scales and minima of a block's sub-blocks, in the layout of pack_scales, times its own.
template <typename Block>
FEWBITS_GGML_INLINE void unpack_steps(const Widen& widen, const Block& in, float* scales,
                                      float* minima) {
  std::uint32_t words[3];
  std::memcpy(words, in.scales, sizeof words);
  const auto low = [](std::uint32_t v) { return static_cast<int>(v & 0x3F3F3F3Fu); };
  const auto join = [](std::uint32_t v, std::uint32_t top) {
    return static_cast<int>((v & 0x0F0F0F0Fu) | ((top >> 2) & 0x30303030u));
  };
  const v128_t codes = wasm_i32x4_make(low(words[0]), join(words[2], words[0]), low(words[1]),
                                       join(words[2] >> 4, words[1]));
  const v128_t scale = wasm_f32x4_splat(in.scale.load());
  const v128_t minimum = wasm_f32x4_splat(in.minimum.load());
  for (int i = 0; i < 2; ++i) {
    const v128_t sub_scales = wasm_f32x4_convert_i32x4(widen(codes, i));
    const v128_t sub_minima = wasm_f32x4_convert_i32x4(widen(codes, i + 2));
    wasm_v128_store(scales + 4 * i, wasm_f32x4_mul(scale, sub_scales));
    wasm_v128_store(minima + 4 * i, wasm_f32x4_mul(minimum, sub_minima));
  }
}

}  // namespace

void encode_q4_K(const float* x, std::size_t blocks, const float* importance, BlockQ4_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++out) {
    std::uint8_t codes[256];
    encode_eight(x + 256 * b, importance != nullptr ? importance + 256 * b : nullptr, 15,
                 {-1.0f, 0.1f, 20}, codes, out);
    store_nibbles(codes, out->codes);
  }
}

void decode_q4_K(const BlockQ4_K* in, std::size_t blocks, float* out) {
  const Decoding decoding;
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    float scales[8];
    float minima[8];
    unpack_steps(decoding.widen, *in, scales, minima);
    for (int j = 0; j < 8; j += 2) {
      for (int i = 0; i < 32; i += 16) {
        const v128_t bytes = wasm_v128_load(in->codes + 16 * j + i);
        decoding.affine(decoding.low(bytes), wasm_v128_load32_splat(scales + j),
                        wasm_v128_load32_splat(minima + j), out + 32 * j + i);
        decoding.affine(decoding.high(bytes), wasm_v128_load32_splat(scales + j + 1),
                        wasm_v128_load32_splat(minima + j + 1), out + 32 * j + 32 + i);
      }
    }
  }
}

void encode_q5_K(const float* x, std::size_t blocks, const float* importance, BlockQ5_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++out) {
    std::uint8_t codes[256];
    encode_eight(x + 256 * b, importance != nullptr ? importance + 256 * b : nullptr, 31,
                 {-0.5f, 0.1f, 15}, codes, out);
    store_bit(codes, 4, out->high);
    store_nibbles(codes, out->codes);
  }
}

void decode_q5_K(const BlockQ5_K* in, std::size_t blocks, float* out) {
  const Decoding decoding;
  const v128_t sixteen = fewbits::simd::constant_i32x4(0x10101010);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    float scales[8];
    float minima[8];
    unpack_steps(decoding.widen, *in, scales, minima);
    for (int i = 0; i < 32; i += 16) {
      const v128_t high = wasm_v128_load(in->high + i);
      // Bit j of each byte, moved to bit 4.
      const auto fifth = [=](int j) {
        const v128_t moved = j < 4 ? wasm_i16x8_shl(high, static_cast<unsigned>(4 - j))
                                   : wasm_u16x8_shr(high, static_cast<unsigned>(j - 4));
        return wasm_v128_and(moved, sixteen);
      };
      for (int j = 0; j < 8; j += 2) {
        const v128_t bytes = wasm_v128_load(in->codes + 16 * j + i);
        const v128_t even = wasm_v128_or(decoding.low(bytes), fifth(j));
        const v128_t odd = wasm_v128_or(decoding.high(bytes), fifth(j + 1));
        decoding.affine(even, wasm_v128_load32_splat(scales + j),
                        wasm_v128_load32_splat(minima + j), out + 32 * j + i);
        decoding.affine(odd, wasm_v128_load32_splat(scales + j + 1),
                        wasm_v128_load32_splat(minima + j + 1), out + 32 * j + 32 + i);
      }
    }
  }
}

void encode_q6_K(const float* x, std::size_t blocks, const float* importance, BlockQ6_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    SubBlocks sub;
    Found found;
    search_symmetric(x, 32, importance != nullptr ? importance + 256 * b : nullptr, nullptr, &sub,
                     &found);
    Steps steps;
    if (!finish_q6_K(sub, out, &steps)) continue;
    std::uint8_t codes[256];
    quantize_symmetric_searched(x, 32, steps, found, codes);
    pack_six(codes, out->low, out->high);
  }
}

void decode_q6_K(const BlockQ6_K* in, std::size_t blocks, float* out) {
  const Decoding decoding;
  const v128_t upper = fewbits::simd::constant_i32x4(0x30303030);
  const v128_t bias = fewbits::simd::constant_f32x4(32);
  const v128_t sign = wasm_i8x16_splat(-128);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const v128_t sub = wasm_v128_xor(wasm_v128_load(in->scales), sign);
    float scales[16];
    steps16(decoding.widen, sub, in->scale.load(), 128, scales);
    for (int half = 0; half < 2; ++half) {
      for (int at = 0; at < 2; ++at) {
        const v128_t high = wasm_v128_load(in->high + 32 * half + 16 * at);
        const v128_t uppers[4] = {wasm_i16x8_shl(high, 4), wasm_i16x8_shl(high, 2), high,
                                  wasm_u16x8_shr(high, 2)};
        for (int run = 0; run < 4; ++run) {  // of 32 values
          const v128_t low = wasm_v128_load(in->low + 64 * half + 32 * (run % 2) + 16 * at);
          const v128_t codes = wasm_v128_or(run < 2 ? decoding.low(low) : decoding.high(low),
                                            wasm_v128_and(uppers[run], upper));
          const int j = 8 * half + 2 * run + at;
          decoding.symmetric(codes, bias, wasm_v128_load32_splat(scales + j), out + 16 * j);
        }
      }
    }
  }
}

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
