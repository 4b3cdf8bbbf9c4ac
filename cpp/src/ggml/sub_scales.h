#pragma once

// The second level of the K formats: scales (and minima) of the sub-blocks of one super-block
// become small integers times one float16. The first level, the search in each sub-block, differs
// between the scalar and the SIMD bodies; this does not.

#include <cmath>
#include <cstdint>

#include "ggml/blocks.h"
#include "ggml/rounding.h"
#include "ggml/search.h"

namespace fewbits::ggml {

/// Scales and minima of up to 16 sub-blocks, as the search found them, and the sum of the weights
/// in each, which only matters under importance.
struct SubBlocks {
  float scales[16];
  float minima[16];
  float weights[16];
};

struct SubCodes {
  std::uint8_t scales[16];
  std::uint8_t minima[16];
};

/// Integers 0..levels and what they are multiples of, for n scales >= 0: by the largest.
inline void quantize_by_largest(int n, int levels, const float* values, std::uint8_t* codes,
                                Half* unit) {
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
  unit->store(largest / top);
}

/// The same by weighted least squares.
inline void quantize_by_weight(int n, int levels, const float* values, const float* weights,
                               std::uint8_t* codes, Half* unit) {
  unit->store(search::fit_nonnegative(n, levels, values, weights, codes));
}

inline SubCodes quantize_sub_blocks(int n, int levels, const SubBlocks& sub, bool weighted,
                                    Half* scale, Half* minimum) {
  SubCodes codes;
  if (weighted) {
    quantize_by_weight(n, levels, sub.scales, sub.weights, codes.scales, scale);
    quantize_by_weight(n, levels, sub.minima, sub.weights, codes.minima, minimum);
  } else {
    quantize_by_largest(n, levels, sub.scales, codes.scales, scale);
    quantize_by_largest(n, levels, sub.minima, codes.minima, minimum);
  }
  return codes;
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

/// Q3_K's sixteen signed scales, stored plus 32.
inline void quantize_scales_q3(const SubBlocks& sub, bool weighted, std::uint8_t* codes,
                               Half* unit) {
  if (weighted) {
    unit->store(search::fit_symmetric(16, 32, sub.scales, sub.weights, codes));
    return;
  }
  const float largest = largest_scale(16, sub.scales);
  if (largest == 0) {
    for (int j = 0; j < 16; ++j) codes[j] = 0;
    unit->store(0.0f);
    return;
  }
  const float inverse = -32.0f / largest;
  for (int j = 0; j < 16; ++j) {
    const int code = static_cast<std::int8_t>(nearest_int(inverse * sub.scales[j]));
    codes[j] = static_cast<std::uint8_t>(clamp(code, -32, 31) + 32);
  }
  unit->store(1 / inverse);
}

/// Q6_K's sixteen signed scales; false when the super-block is all zero.
inline bool quantize_scales_q6(const SubBlocks& sub, std::int8_t* codes, Half* unit) {
  const float largest = largest_scale(16, sub.scales);
  if (std::fabs(largest) < search::zero_limit) return false;
  const float inverse = -128.0f / largest;
  for (int j = 0; j < 16; ++j) {
    const int code = nearest_int(inverse * sub.scales[j]);
    codes[j] = static_cast<std::int8_t>(code < 127 ? code : 127);
  }
  unit->store(1 / inverse);
  return true;
}

/// What IQ4_XS quantizes with: 1 / (scale of sub-block), 0 for a scale of 0.
struct Iq4Scales {
  float inverses[8];
};

/// IQ4_XS's eight signed scales, stored plus 32. The codes are found with the scale before it is
/// rounded to float16.
inline Iq4Scales quantize_scales_iq4(const float* scales, BlockIQ4_XS* out) {
  const float unit = -largest_scale(8, scales) / 32;
  const float inverse = unit != 0 ? 1 / unit : 0.0f;
  out->scale.store(unit);
  Iq4Scales result;
  int high = 0;
  int low[8];
  for (int j = 0; j < 8; ++j) {
    const int code = clamp(nearest_int(inverse * scales[j]), -32, 31);
    const float sub = unit * static_cast<float>(code);
    result.inverses[j] = sub != 0 ? 1 / sub : 0.0f;
    low[j] = (code + 32) & 15;
    high |= ((code + 32) >> 4) << (2 * j);
  }
  out->scales_high[0] = static_cast<std::uint8_t>(high);
  out->scales_high[1] = static_cast<std::uint8_t>(high >> 8);
  for (int j = 0; j < 4; ++j) {
    out->scales_low[j] = static_cast<std::uint8_t>(low[2 * j] | (low[2 * j + 1] << 4));
  }
  return result;
}

}  // namespace fewbits::ggml
