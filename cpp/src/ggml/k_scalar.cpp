// Q2_K, Q3_K, Q4_K, Q5_K, Q6_K: super-blocks of 256 values.

#include <cmath>

#include "ggml/kernels.h"
#include "ggml/packing.h"
#include "ggml/rounding.h"
#include "ggml/search.h"
#include "ggml/sub_scales.h"

namespace fewbits::ggml::scalar {
namespace {

float sum_of_squares(const float* x, int n) {
  float total = 0;
  for (int i = 0; i < n; ++i) total += x[i] * x[i];
  return total;
}

/// importance[i] * sqrt(variance + x[i]^2)
void weigh(const float* x, int n, const float* importance, float variance, float* weights) {
  for (int i = 0; i < n; ++i) weights[i] = importance[i] * std::sqrt(variance + x[i] * x[i]);
}

float sum(const float* x, int n) {
  float total = 0;
  for (int i = 0; i < n; ++i) total += x[i];
  return total;
}

/// The codes of a sub-block with its final scale and minimum; where the scale is 0, codes of the
/// search stay.
void quantize_affine(const float* x, int n, int levels, float scale, float minimum,
                     std::uint8_t* codes) {
  if (scale == 0) return;
  for (int i = 0; i < n; ++i) {
    codes[i] = static_cast<std::uint8_t>(clamp(nearest_int((x[i] + minimum) / scale), 0, levels));
  }
}

void quantize_symmetric(const float* x, int n, int half, float scale, std::uint8_t* codes) {
  if (scale == 0) return;
  for (int i = 0; i < n; ++i) {
    codes[i] = static_cast<std::uint8_t>(clamp(nearest_int(x[i] / scale), -half, half - 1) + half);
  }
}

/// The search of the formats with minima, in `n` sub-blocks of 256 / n values.
void search_affine(const float* x, int n, int levels, const float* importance, float variance,
                   search::Error error, search::Grid grid, SubBlocks* sub, std::uint8_t* codes) {
  const int size = 256 / n;
  for (int j = 0; j < n; ++j) {
    const float* values = x + size * j;
    float weights[32];
    if (importance != nullptr) {
      weigh(values, size, importance + size * j, variance, weights);
      sub->weights[j] = sum(weights, size);
    } else if (size == 16) {
      for (int i = 0; i < size; ++i) weights[i] = std::fabs(values[i]);
    } else {
      const float level = std::sqrt(sum_of_squares(values, size) / 32);
      for (int i = 0; i < size; ++i) weights[i] = level + std::fabs(values[i]);
    }
    const search::Affine fit =
        search::fit_affine(error, size, levels, values, weights, grid, codes + size * j);
    sub->scales[j] = fit.scale;
    sub->minima[j] = fit.minimum;
  }
}

constexpr search::Grid kImportanceGrid = {-0.9f, 0.05f, 36};

}  // namespace

void encode_q2_K(const float* x, std::size_t blocks, const float* importance, BlockQ2_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    SubBlocks sub;
    std::uint8_t codes[256];
    if (importance != nullptr) {
      search_affine(x, 16, 3, importance + 256 * b, sum_of_squares(x, 256) / 256,
                    search::Error::squared, kImportanceGrid, &sub, codes);
    } else {
      search_affine(x, 16, 3, nullptr, 0, search::Error::absolute, {-0.5f, 0.1f, 15}, &sub, codes);
    }
    const Steps steps = finish_q2_K(sub, importance != nullptr, out);
    for (int j = 0; j < 16; ++j) {
      quantize_affine(x + 16 * j, 16, 3, steps.scales[j], steps.minima[j], codes + 16 * j);
    }
    pack_quarters(codes, out->codes);
  }
}

void decode_q2_K(const BlockQ2_K* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    const float minimum = in->minimum.load();
    for (int i = 0; i < 256; ++i) {
      const int sub = in->scales[i / 16];
      const int code = (in->codes[32 * (i / 128) + i % 32] >> (2 * (i / 32 % 4))) & 3;
      out[i] = scale * static_cast<float>(sub & 15) * static_cast<float>(code) -
               minimum * static_cast<float>(sub >> 4);
    }
  }
}

void encode_q3_K(const float* x, std::size_t blocks, const float* importance, BlockQ3_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    SubBlocks sub;
    std::uint8_t codes[256];
    const float variance = importance != nullptr ? 2 * sum_of_squares(x, 256) / 256 : 0.0f;
    for (int j = 0; j < 16; ++j) {
      const float* values = x + 16 * j;
      if (importance != nullptr) {
        float weights[16];
        weigh(values, 16, importance + 256 * b + 16 * j, variance, weights);
        sub.weights[j] = sum(weights, 16);
        sub.scales[j] = search::fit_symmetric(16, 4, values, weights, codes + 16 * j);
      } else {
        sub.scales[j] = search::refine_symmetric(16, 4, values, codes + 16 * j);
      }
    }
    const Steps steps = finish_q3_K(sub, importance != nullptr, out);
    for (int j = 0; j < 16; ++j) {
      quantize_symmetric(x + 16 * j, 16, 4, steps.scales[j], codes + 16 * j);
    }
    pack_bit(codes, 2, out->high);
    pack_quarters(codes, out->codes);
  }
}

void decode_q3_K(const BlockQ3_K* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    std::uint8_t scales[16];
    unpack_scales_q3(in->scales, scales);
    for (int i = 0; i < 256; ++i) {
      const int low = (in->codes[32 * (i / 128) + i % 32] >> (2 * (i / 32 % 4))) & 3;
      const int high = (in->high[i % 32] >> (i / 32)) & 1;
      out[i] =
          scale * static_cast<float>(scales[i / 16] - 32) * static_cast<float>(low + 4 * high - 4);
    }
  }
}

namespace {

/// Shared by Q4_K and Q5_K: eight sub-blocks, 6-bit scales and minima, `levels` + 1 codes.
template <typename Block>
void encode_eight(const float* x, const float* importance, int levels, search::Grid grid,
                  std::uint8_t* codes, Block* out) {
  SubBlocks sub;
  if (importance != nullptr) {
    search_affine(x, 8, levels, importance, 2 * sum_of_squares(x, 256) / 256,
                  search::Error::squared, kImportanceGrid, &sub, codes);
  } else {
    search_affine(x, 8, levels, nullptr, 0, search::Error::squared, grid, &sub, codes);
  }
  const Steps steps = finish_eight(sub, importance != nullptr, levels == 31, &out->scale,
                                   &out->minimum, out->scales);
  for (int j = 0; j < 8; ++j) {
    quantize_affine(x + 32 * j, 32, levels, steps.scales[j], steps.minima[j], codes + 32 * j);
  }
}

template <typename Block, typename Code>
void decode_eight(const Block& in, Code code, float* out) {
  const float scale = in.scale.load();
  const float minimum = in.minimum.load();
  std::uint8_t scales[8];
  std::uint8_t minima[8];
  unpack_scales(in.scales, scales, minima);
  for (int i = 0; i < 256; ++i) {
    out[i] = scale * static_cast<float>(scales[i / 32]) * static_cast<float>(code(i)) -
             minimum * static_cast<float>(minima[i / 32]);
  }
}

int nibble(const std::uint8_t* codes, int i) {
  return (codes[32 * (i / 64) + i % 32] >> (4 * (i / 32 % 2))) & 15;
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
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    decode_eight(
        *in, [in](int i) { return nibble(in->codes, i); }, out);
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
    decode_eight(
        *in,
        [in](int i) { return nibble(in->codes, i) + 16 * ((in->high[i % 32] >> (i / 32)) & 1); },
        out);
  }
}

void encode_q6_K(const float* x, std::size_t blocks, const float* importance, BlockQ6_K* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    SubBlocks sub;
    std::uint8_t codes[256];
    for (int j = 0; j < 16; ++j) {
      // The weight is the importance itself, without the magnitude of the values.
      const float* weights = importance != nullptr ? importance + 256 * b + 16 * j : nullptr;
      sub.scales[j] = search::fit_symmetric(16, 32, x + 16 * j, weights, codes + 16 * j);
    }
    Steps steps;
    if (!finish_q6_K(sub, out, &steps)) continue;
    for (int j = 0; j < 16; ++j) {
      quantize_symmetric(x + 16 * j, 16, 32, steps.scales[j], codes + 16 * j);
    }
    pack_six(codes, out->low, out->high);
  }
}

void decode_q6_K(const BlockQ6_K* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    for (int i = 0; i < 256; ++i) {
      const int run = i / 32 % 4;  // of 32 values within the half of 128
      const int low = in->low[64 * (i / 128) + 32 * (run % 2) + i % 32] >> (4 * (run / 2));
      const int high = in->high[32 * (i / 128) + i % 32] >> (2 * run);
      const int code = ((low & 15) | ((high & 3) << 4)) - 32;
      out[i] = scale * in->scales[i / 16] * static_cast<float>(code);
    }
  }
}

}  // namespace fewbits::ggml::scalar
