// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0: one scale per 32 values.

#include <cfloat>
#include <cmath>

#include "ggml/kernels.h"
#include "ggml/packing.h"
#include "ggml/rounding.h"
#include "ggml/search.h"

namespace fewbits::ggml::scalar {
namespace {

float inverse(float scale) {
  return scale != 0 ? 1.0f / scale : 0.0f;
}

/// Codes 0..2*half-1 for scale * (code - half): the value of largest magnitude gets code 0.
float by_extreme(const float* x, int half, std::uint8_t* codes) {
  const float scale = search::extreme(32, x) / static_cast<float>(-half);
  const float by = inverse(scale);
  for (int i = 0; i < 32; ++i) {
    const int code =
        static_cast<std::int8_t>(truncate(x[i] * by + (static_cast<float>(half) + 0.5f)));
    codes[i] = static_cast<std::uint8_t>(code < 2 * half - 1 ? code : 2 * half - 1);
  }
  return scale;
}

/// Codes 0..levels for scale * code + minimum: from the smallest to the largest value.
float by_range(const float* x, int levels, std::uint8_t* codes, float* minimum) {
  float low = FLT_MAX;
  float high = -FLT_MAX;
  for (int i = 0; i < 32; ++i) {
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
  }
  const float scale = (high - low) / static_cast<float>(levels);
  const float by = inverse(scale);
  for (int i = 0; i < 32; ++i) {
    const int code = static_cast<std::uint8_t>(truncate((x[i] - low) * by + 0.5f));
    codes[i] = static_cast<std::uint8_t>(code < levels ? code : levels);
  }
  *minimum = low;
  return scale;
}

/// The mean square of the row that the importance weights span.
float row_variance(const float* x, std::size_t n) {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum / static_cast<float>(n);
}

void weigh(const float* x, const float* importance, float variance, float* weights) {
  for (int i = 0; i < 32; ++i) weights[i] = importance[i] * std::sqrt(variance + x[i] * x[i]);
}

/// Calls use(block, scale, codes) for each block.
template <typename Use>
void encode_symmetric(const float* x, std::size_t blocks, const float* importance, int half,
                      Use use) {
  const float variance = importance != nullptr ? row_variance(x, 32 * blocks) : 0.0f;
  for (std::size_t b = 0; b < blocks; ++b) {
    std::uint8_t codes[32];
    float scale;
    if (importance != nullptr) {
      float weights[32];
      weigh(x + 32 * b, importance + 32 * b, variance, weights);
      scale = search::fit_symmetric(32, half, x + 32 * b, weights, codes);
    } else {
      scale = by_extreme(x + 32 * b, half, codes);
    }
    use(b, scale, codes);
  }
}

/// Calls use(block, scale, minimum, codes) for each block.
template <typename Use>
void encode_affine(const float* x, std::size_t blocks, const float* importance, int levels,
                   Use use) {
  const float variance = importance != nullptr ? row_variance(x, 32 * blocks) : 0.0f;
  for (std::size_t b = 0; b < blocks; ++b) {
    std::uint8_t codes[32];
    float scale;
    float minimum;
    if (importance != nullptr) {
      float weights[32];
      weigh(x + 32 * b, importance + 32 * b, variance, weights);
      const search::Affine fit = search::fit_affine(search::Error::squared, 32, levels, x + 32 * b,
                                                    weights, {-0.9f, 0.05f, 36}, codes);
      scale = fit.scale;
      minimum = -fit.minimum;
    } else {
      scale = by_range(x + 32 * b, levels, codes, &minimum);
    }
    use(b, scale, minimum, codes);
  }
}

int nibble(const std::uint8_t* codes, int i) {
  return (codes[i % 16] >> (4 * (i / 16))) & 15;
}

int fifth_bit(const std::uint8_t* high, int i) {
  return (high[i / 8] >> (i % 8)) & 1;
}

}  // namespace

void encode_q4_0(const float* x, std::size_t blocks, const float* importance, BlockQ4_0* out) {
  encode_symmetric(x, blocks, importance, 8,
                   [out](std::size_t b, float scale, const std::uint8_t* codes) {
                     out[b].scale.store(scale);
                     pack_halves(codes, out[b].codes);
                   });
}

void decode_q4_0(const BlockQ4_0* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const float scale = in->scale.load();
    for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(nibble(in->codes, i) - 8) * scale;
  }
}

void encode_q4_1(const float* x, std::size_t blocks, const float* importance, BlockQ4_1* out) {
  encode_affine(x, blocks, importance, 15,
                [out](std::size_t b, float scale, float minimum, const std::uint8_t* codes) {
                  out[b].scale.store(scale);
                  out[b].minimum.store(minimum);
                  pack_halves(codes, out[b].codes);
                });
}

void decode_q4_1(const BlockQ4_1* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const float scale = in->scale.load();
    const float minimum = in->minimum.load();
    for (int i = 0; i < 32; ++i) {
      out[i] = static_cast<float>(nibble(in->codes, i)) * scale + minimum;
    }
  }
}

void encode_q5_0(const float* x, std::size_t blocks, const float* importance, BlockQ5_0* out) {
  encode_symmetric(x, blocks, importance, 16,
                   [out](std::size_t b, float scale, const std::uint8_t* codes) {
                     out[b].scale.store(scale);
                     pack_five(codes, out[b].high, out[b].codes);
                   });
}

void decode_q5_0(const BlockQ5_0* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const float scale = in->scale.load();
    for (int i = 0; i < 32; ++i) {
      const int code = nibble(in->codes, i) + 16 * fifth_bit(in->high, i);
      out[i] = static_cast<float>(code - 16) * scale;
    }
  }
}

void encode_q5_1(const float* x, std::size_t blocks, const float* importance, BlockQ5_1* out) {
  encode_affine(x, blocks, importance, 31,
                [out](std::size_t b, float scale, float minimum, const std::uint8_t* codes) {
                  out[b].scale.store(scale);
                  out[b].minimum.store(minimum);
                  pack_five(codes, out[b].high, out[b].codes);
                });
}

void decode_q5_1(const BlockQ5_1* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const float scale = in->scale.load();
    const float minimum = in->minimum.load();
    for (int i = 0; i < 32; ++i) {
      const int code = nibble(in->codes, i) + 16 * fifth_bit(in->high, i);
      out[i] = static_cast<float>(code) * scale + minimum;
    }
  }
}

void encode_q8_0(const float* x, std::size_t blocks, const float* /*importance*/, BlockQ8_0* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 32, ++out) {
    const float scale = std::fabs(search::extreme(32, x)) / 127.0f;
    const float by = inverse(scale);
    out->scale.store(scale);
    for (int i = 0; i < 32; ++i) {
      out->codes[i] = static_cast<std::int8_t>(truncate(std::round(x[i] * by)));
    }
  }
}

void decode_q8_0(const BlockQ8_0* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const float scale = in->scale.load();
    for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(in->codes[i]) * scale;
  }
}

}  // namespace fewbits::ggml::scalar
