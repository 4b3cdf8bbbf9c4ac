// Q2_K, Q3_K, Q4_K, Q5_K, Q6_K: super-blocks of 256 values, four sub-blocks at a time.

#include "ggml/lanes.h"

#if FEWBITS_SIMD

#include "ggml/kernels.h"
#include "ggml/search_simd.h"
#include "ggml/sub_scales.h"

namespace fewbits::ggml::simd {
namespace {

float sum_of_squares(const float* x) {
  float total = 0;
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

/// What the first level leaves: for each sub-block how the search found its codes.
struct Found {
  float inverses[16];
  float bases[16];
};

/// Search of the formats with minima in n sub-blocks of `size` values.
template <int n, int size>
FEWBITS_GGML_INLINE void search_affine(const float* x, int levels, const float* importance,
                                       float variance, search::Grid grid, SubBlocks* sub,
                                       Found* found) {
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
      for (int i = 0; i < size; ++i) weights[i] = abs(values[i]);
      fit = fit_affine_16_absolute(levels, values, weights, grid);
    } else {
      const v128_t square = simd::sum_of_squares(size, values);
      const v128_t level = wasm_f32x4_sqrt(wasm_f32x4_div(square, wasm_f32x4_splat(size)));
      for (int i = 0; i < size; ++i) weights[i] = wasm_f32x4_add(level, abs(values[i]));
      fit = fit_affine_32(levels, values, weights, grid);
    }
    wasm_v128_store(sub->scales + j, fit.scale);
    wasm_v128_store(sub->minima + j, fit.minimum);
    wasm_v128_store(found->inverses + j, fit.inverse);
    wasm_v128_store(found->bases + j, fit.base);
  }
}

/// Codes with the finished scales; as the search left them where a scale came out 0.
template <int n, int size>
FEWBITS_GGML_INLINE void quantize_affine(const float* x, int levels, const Steps& steps,
                                         const Found& found, std::uint8_t* codes) {
  for (int j = 0; j < n; ++j) {
    if (steps.scales[j] != 0) {
      const v128_t minimum = wasm_f32x4_splat(steps.minima[j]);
      const v128_t scale = wasm_f32x4_splat(steps.scales[j]);
      const auto of = [=](v128_t v) { return wasm_f32x4_div(wasm_f32x4_add(v, minimum), scale); };
      for (int i = 0; i < size; i += 16) {
        round16(x + size * j + i, 0, levels, 0, of, codes + size * j + i);
      }
    } else {
      const v128_t inverse = wasm_f32x4_splat(found.inverses[j]);
      const v128_t base = wasm_f32x4_splat(found.bases[j]);
      const auto of = [=](v128_t v) { return wasm_f32x4_mul(inverse, wasm_f32x4_sub(v, base)); };
      for (int i = 0; i < size; i += 16) {
        round16(x + size * j + i, 0, levels, 0, of, codes + size * j + i);
      }
    }
  }
}

/// 16 codes of a sub-block around `half`, with its finished scale.
FEWBITS_GGML_INLINE void quantize_symmetric(const float* x, int half, float scale,
                                            std::uint8_t* codes) {
  const v128_t by = wasm_f32x4_splat(scale);
  round16(
      x, -half, half - 1, half, [by](v128_t v) { return wasm_f32x4_div(v, by); }, codes);
}

/// Symmetric search in 16 sub-blocks; weights x^2, or those of `weights_of(j, values, weights)`.
template <typename WeightsOf>
FEWBITS_GGML_INLINE void search_symmetric(const float* x, int half, WeightsOf weights_of,
                                          SubBlocks* sub, Found* found) {
  for (int j = 0; j < 16; j += 4) {
    v128_t values[16];
    v128_t weights[16];
    load_consecutive(x + 16 * j, 16, values);
    weights_of(j, values, weights);
    const SymmetricLanes fit = fit_symmetric_16(half, values, weights);
    wasm_v128_store(sub->scales + j, fit.scale);
    wasm_v128_store(found->inverses + j, fit.inverse);
  }
}

FEWBITS_GGML_INLINE void quantize_symmetric_searched(const float* x, int half, const Steps& steps,
                                                     const Found& found, std::uint8_t* codes) {
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

/// 16 bytes of codes as floats.
FEWBITS_GGML_INLINE void widen(v128_t codes, v128_t* out) {
  const v128_t low = wasm_i16x8_extend_low_i8x16(codes);
  const v128_t high = wasm_i16x8_extend_high_i8x16(codes);
  out[0] = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(low));
  out[1] = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(low));
  out[2] = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(high));
  out[3] = wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(high));
}

/// 16 values scale * code - minimum.
FEWBITS_GGML_INLINE void decode_affine(v128_t codes, float scale, float minimum, float* out) {
  v128_t values[4];
  widen(codes, values);
  for (int i = 0; i < 4; ++i) {
    const v128_t product = wasm_f32x4_mul(wasm_f32x4_splat(scale), values[i]);
    wasm_v128_store(out + 4 * i, wasm_f32x4_sub(product, wasm_f32x4_splat(minimum)));
  }
}

/// 16 values scale * code.
FEWBITS_GGML_INLINE void decode_symmetric(v128_t codes, float scale, float* out) {
  v128_t values[4];
  widen(codes, values);
  for (int i = 0; i < 4; ++i) {
    wasm_v128_store(out + 4 * i, wasm_f32x4_mul(wasm_f32x4_splat(scale), values[i]));
  }
}

FEWBITS_GGML_INLINE v128_t bits(v128_t bytes, int shift, int mask) {
  return wasm_v128_and(wasm_u8x16_shr(bytes, shift),
                       wasm_i8x16_splat(static_cast<std::int8_t>(mask)));
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
    quantize_affine<16, 16>(x, 3, steps, found, codes);
    pack_quarters(codes, out->codes);
  }
}

void decode_q2_K(const BlockQ2_K* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    const float minimum = in->minimum.load();
    for (int j = 0; j < 16; ++j) {
      // Sub-blocks 2 k and 2 k + 1 of a half are the bits 2 k of its two runs of 16 bytes.
      const v128_t bytes = wasm_v128_load(in->codes + 32 * (j / 8) + 16 * (j % 2));
      const int sub = in->scales[j];
      decode_affine(bits(bytes, 2 * (j % 8 / 2), 3), scale * static_cast<float>(sub & 15),
                    minimum * static_cast<float>(sub >> 4), out + 16 * j);
    }
  }
}

void encode_q3_K(const float* x, std::size_t blocks, const float* importance, BlockQ3_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    SubBlocks sub;
    Found found;
    std::uint8_t codes[256];
    if (importance != nullptr) {
      const v128_t variance = wasm_f32x4_splat(2 * sum_of_squares(x) / 256);
      const float* columns = importance + 256 * b;
      search_symmetric(
          x, 4,
          [&](int j, const v128_t* values, v128_t* weights) {
            v128_t lanes[16];
            load_consecutive(columns + 16 * j, 16, lanes);
            weigh(16, values, lanes, variance, weights);
            wasm_v128_store(sub.weights + j, sum(16, weights));
          },
          &sub, &found);
      const Steps steps = finish_q3_K(sub, true, out);
      quantize_symmetric_searched(x, 4, steps, found, codes);
    } else {
      refine_symmetric_16x16(4, x, sub.scales);
      const Steps steps = finish_q3_K(sub, false, out);
      for (int j = 0; j < 16; ++j) {
        if (steps.scales[j] != 0) {
          quantize_symmetric(x + 16 * j, 4, steps.scales[j], codes + 16 * j);
        } else {
          search::refine_symmetric(16, 4, x + 16 * j, codes + 16 * j);
        }
      }
    }
    pack_bit(codes, 2, out->high);
    pack_quarters(codes, out->codes);
  }
}

void decode_q3_K(const BlockQ3_K* in, std::size_t blocks, float* out) {
  const v128_t four = wasm_i8x16_splat(4);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    std::uint8_t scales[16];
    unpack_scales_q3(in->scales, scales);
    for (int j = 0; j < 16; ++j) {
      const v128_t bytes = wasm_v128_load(in->codes + 32 * (j / 8) + 16 * (j % 2));
      const v128_t high = bits(wasm_v128_load(in->high + 16 * (j % 2)), j / 2, 1);
      const v128_t codes = wasm_v128_or(bits(bytes, 2 * (j % 8 / 2), 3), wasm_i8x16_shl(high, 2));
      decode_symmetric(wasm_i8x16_sub(codes, four), scale * static_cast<float>(scales[j] - 32),
                       out + 16 * j);
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
  const Steps steps = finish_eight(sub, importance != nullptr, levels == 31, out);
  quantize_affine<8, 32>(x, levels, steps, found, codes);
}

/// `high(j, i)`: the fifth bits, shifted, of the i-th 16 codes of sub-block j.
template <typename Block, typename High>
FEWBITS_GGML_INLINE void decode_eight(const Block& in, High high, float* out) {
  const float scale = in.scale.load();
  const float minimum = in.minimum.load();
  std::uint8_t scales[8];
  std::uint8_t minima[8];
  unpack_scales(in.scales, scales, minima);
  for (int j = 0; j < 8; ++j) {
    const float step = scale * static_cast<float>(scales[j]);
    const float offset = minimum * static_cast<float>(minima[j]);
    for (int i = 0; i < 2; ++i) {
      const v128_t bytes = wasm_v128_load(in.codes + 32 * (j / 2) + 16 * i);
      const v128_t codes = wasm_v128_or(bits(bytes, 4 * (j % 2), 15), high(j, i));
      decode_affine(codes, step, offset, out + 32 * j + 16 * i);
    }
  }
}

}  // namespace

void encode_q4_K(const float* x, std::size_t blocks, const float* importance, BlockQ4_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++out) {
    std::uint8_t codes[256];
    encode_eight(x + 256 * b, importance != nullptr ? importance + 256 * b : nullptr, 15,
                 {-1.0f, 0.1f, 20}, codes, out);
    pack_nibbles(codes, out->codes);
  }
}

void decode_q4_K(const BlockQ4_K* in, std::size_t blocks, float* out) {
  const v128_t none = wasm_i8x16_splat(0);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    decode_eight(
        *in, [none](int, int) { return none; }, out);
  }
}

void encode_q5_K(const float* x, std::size_t blocks, const float* importance, BlockQ5_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++out) {
    std::uint8_t codes[256];
    encode_eight(x + 256 * b, importance != nullptr ? importance + 256 * b : nullptr, 31,
                 {-0.5f, 0.1f, 15}, codes, out);
    pack_bit(codes, 4, out->high);
    pack_nibbles(codes, out->codes);
  }
}

void decode_q5_K(const BlockQ5_K* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const v128_t high[2] = {wasm_v128_load(in->high), wasm_v128_load(in->high + 16)};
    decode_eight(
        *in, [high](int j, int i) { return wasm_i8x16_shl(bits(high[i], j, 1), 4); }, out);
  }
}

void encode_q6_K(const float* x, std::size_t blocks, const float* importance, BlockQ6_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    SubBlocks sub;
    Found found;
    search_symmetric(
        x, 32,
        [&](int j, const v128_t* values, v128_t* weights) {
          if (importance != nullptr) {
            load_consecutive(importance + 256 * b + 16 * j, 16, weights);
          } else {
            for (int i = 0; i < 16; ++i) weights[i] = wasm_f32x4_mul(values[i], values[i]);
          }
        },
        &sub, &found);
    Steps steps;
    if (!finish_q6_K(sub, out, &steps)) continue;
    std::uint8_t codes[256];
    quantize_symmetric_searched(x, 32, steps, found, codes);
    pack_six(codes, out->low, out->high);
  }
}

void decode_q6_K(const BlockQ6_K* in, std::size_t blocks, float* out) {
  const v128_t bias = wasm_i8x16_splat(32);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    for (int j = 0; j < 16; ++j) {
      const int run = j % 8 / 2;  // of 32 values within the half of 128
      const int at = 16 * (j % 2);
      const v128_t low = wasm_v128_load(in->low + 64 * (j / 8) + 32 * (run % 2) + at);
      const v128_t high = wasm_v128_load(in->high + 32 * (j / 8) + at);
      const v128_t codes =
          wasm_v128_or(bits(low, 4 * (run / 2), 15), wasm_i8x16_shl(bits(high, 2 * run, 3), 4));
      decode_symmetric(wasm_i8x16_sub(codes, bias), scale * in->scales[j], out + 16 * j);
    }
  }
}

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
