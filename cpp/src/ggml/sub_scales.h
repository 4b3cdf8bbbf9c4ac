// The second level of the super-block formats: scales (and minima) of the sub-blocks become small
// integers times one float16. The first level, the search in each sub-block, differs between the
// scalar and the SIMD bodies; this one is shared.

#pragma once

#include <cmath>
#include <cstdint>

#include "ggml/blocks.h"
#include "ggml/packing.h"
#include "ggml/rounding.h"
#include "ggml/search.h"

namespace fewbits::ggml {

/// Scales and minima of up to 16 sub-blocks from the search, and the sum of the weights in each,
/// which is only used with importance.
struct SubBlocks {
  float scales[16];
  float minima[16];
  float weights[16];
};

/// The scales and minima that a decoder of the finished block will use, with which the codes are
/// therefore computed.
struct Steps {
  float scales[16];
  float minima[16];
};

/// Integers 0..levels and their common factor, for n values >= 0: from the largest.
inline float quantize_by_largest(int n, int levels, const float* values, std::uint8_t* codes) {
  float largest = 0;
  for (int j = 0; j < n; ++j) {
    if (values[j] > largest) largest = values[j];
  }
  const float top = static_cast<float>(levels);
  const float inverse = largest > 0 ? top / largest : 0.0f;
  for (int j = 0; j < n; ++j) {
    const int code = nearest_int(inverse * values[j]) & 255;
    codes[j] = static_cast<std::uint8_t>(code < levels ? code : levels);
  }
  return largest / top;
}

/// The same, from the largest value or, if there are weights, by weighted least squares. The result
/// may exceed 0..levels when almost all weights are 0.
FEWBITS_GGML_SHARED inline float quantize_sub_blocks(int n, int levels, const float* values,
                                                     const float* weights, std::uint8_t* codes) {
  return weights != nullptr ? search::fit_nonnegative(n, levels, values, weights, codes)
                            : quantize_by_largest(n, levels, values, codes);
}

inline Steps finish_q2_K(const SubBlocks& sub, bool weighted, BlockQ2_K* out) {
  std::uint8_t scales[16];
  std::uint8_t minima[16];
  const float* const weights = weighted ? sub.weights : nullptr;
  out->scale.store(quantize_sub_blocks(16, 15, sub.scales, weights, scales));
  out->minimum.store(quantize_sub_blocks(16, 15, sub.minima, weights, minima));
  const float scale = out->scale.load();
  const float minimum = out->minimum.load();
  Steps steps;
  for (int j = 0; j < 16; ++j) {
    out->scales[j] = static_cast<std::uint8_t>(scales[j] | (minima[j] << 4));
    steps.scales[j] = scale * static_cast<float>(out->scales[j] & 15);
    steps.minima[j] = minimum * static_cast<float>(out->scales[j] >> 4);
  }
  return steps;
}

/// Q4_K and Q5_K: computes a block's own scale and minimum and the packed small integers.
/// `bounded`: whether integers above 63 are clamped (Q5_K) or overflow (Q4_K).
inline Steps finish_eight(const SubBlocks& sub, bool weighted, bool bounded, Half* own_scale,
                          Half* own_minimum, std::uint8_t* packed) {
  std::uint8_t scales[8];
  std::uint8_t minima[8];
  const float* const weights = weighted ? sub.weights : nullptr;
  own_scale->store(quantize_sub_blocks(8, 63, sub.scales, weights, scales));
  own_minimum->store(quantize_sub_blocks(8, 63, sub.minima, weights, minima));
  for (int j = 0; bounded && j < 8; ++j) {
    if (scales[j] > 63) scales[j] = 63;
    if (minima[j] > 63) minima[j] = 63;
  }
  pack_scales(scales, minima, packed);
  unpack_scales(packed, scales, minima);
  const float scale = own_scale->load();
  const float minimum = own_minimum->load();
  Steps steps;
  for (int j = 0; j < 8; ++j) {
    steps.scales[j] = scale * static_cast<float>(scales[j]);
    steps.minima[j] = minimum * static_cast<float>(minima[j]);
  }
  return steps;
}

/// The scale of largest magnitude; 0 when all are 0 or NaN.
inline float largest_scale(int n, const float* scales) {
  float result = 0;
  float magnitude = 0;
  for (int j = 0; j < n; ++j) {
    if (std::fabs(scales[j]) > magnitude) {
      magnitude = std::fabs(scales[j]);
      result = scales[j];
    }
  }
  return result;
}

/// Sixteen signed scales, stored plus 32.
inline Steps finish_q3_K(const SubBlocks& sub, bool weighted, BlockQ3_K* out) {
  std::uint8_t codes[16];
  if (weighted) {
    out->scale.store(search::fit_symmetric(16, 32, sub.scales, sub.weights, codes));
  } else {
    // Without any scale the block is all zero bytes, not codes of zero.
    const float largest = largest_scale(16, sub.scales);
    const float inverse = largest != 0 ? -32.0f / largest : 0.0f;
    const int bias = largest != 0 ? 32 : 0;
    for (int j = 0; j < 16; ++j) {
      const int code = static_cast<std::int8_t>(nearest_int(inverse * sub.scales[j]));
      codes[j] = static_cast<std::uint8_t>(clamp(code, -32, 31) + bias);
    }
    out->scale.store(largest != 0 ? 1 / inverse : 0.0f);
  }
  pack_scales_q3(codes, out->scales);
  const float scale = out->scale.load();
  Steps steps;
  for (int j = 0; j < 16; ++j) steps.scales[j] = scale * static_cast<float>(codes[j] - 32);
  return steps;
}

/// Sixteen signed scales of eight bits; false when the super-block is all zeros, and written as
/// such.
inline bool finish_q6_K(const SubBlocks& sub, BlockQ6_K* out, Steps* steps) {
  const float largest = largest_scale(16, sub.scales);
  if (std::fabs(largest) < search::kZeroLimit) {
    *out = {};
    return false;
  }
  const float inverse = -128.0f / largest;
  out->scale.store(1 / inverse);
  const float scale = out->scale.load();
  for (int j = 0; j < 16; ++j) {
    const int code = nearest_int(inverse * sub.scales[j]);
    out->scales[j] = static_cast<std::int8_t>(code < 127 ? code : 127);
    steps->scales[j] = scale * static_cast<float>(out->scales[j]);
  }
  return true;
}

/// Eight signed scales, stored plus 32. Computes 1 / scale of each sub-block (0 for 0), with the
/// scale before it is rounded to float16.
inline void finish_iq4_xs(const float* scales, BlockIQ4_XS* out, float* inverses) {
  const float unit = -largest_scale(8, scales) / 32;
  const float inverse = unit != 0 ? 1 / unit : 0.0f;
  out->scale.store(unit);
  int high = 0;
  int low[8];
  for (int j = 0; j < 8; ++j) {
    const int code = clamp(nearest_int(inverse * scales[j]), -32, 31);
    const float sub = unit * static_cast<float>(code);
    inverses[j] = sub != 0 ? 1 / sub : 0.0f;
    low[j] = (code + 32) & 15;
    high |= ((code + 32) >> 4) << (2 * j);
  }
  out->scales_high[0] = static_cast<std::uint8_t>(high);
  out->scales_high[1] = static_cast<std::uint8_t>(high >> 8);
  for (int j = 0; j < 4; ++j) {
    out->scales_low[j] = static_cast<std::uint8_t>(low[2 * j] | (low[2 * j + 1] << 4));
  }
}

}  // namespace fewbits::ggml
