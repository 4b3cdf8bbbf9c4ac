// IQ4_NL, IQ4_XS: sixteen uneven levels.

#include <cmath>

#include "ggml/iq4.h"
#include "ggml/kernels.h"
#include "ggml/packing.h"
#include "ggml/rounding.h"
#include "ggml/search.h"
#include "ggml/sub_scales.h"

namespace fewbits::ggml::scalar {
namespace {

float mean_square_doubled(const float* x, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum * (2.0f / static_cast<float>(n));
}

/// The index of the nearest level, the upper one of a tie; NaN gets the last.
int nearest_level(float x) {
  for (int i = 0; i < 15; ++i) {
    const float middle = 0.5f * static_cast<float>(kIq4Levels[i] + kIq4Levels[i + 1]);
    if (x < middle) return i;
  }
  return 15;
}

/// The best scale of 32 values.
float fit(const float* x, const float* importance, float variance) {
  float weights[32];
  for (int i = 0; i < 32; ++i) {
    weights[i] =
        importance != nullptr ? importance[i] * std::sqrt(variance + x[i] * x[i]) : x[i] * x[i];
  }
  const float peak = search::extreme(32, x);
  if (std::fabs(peak) < search::kZeroLimit) return 0;
  float sum_qx = 0;
  float sum_q2 = 0;
  const auto accumulate = [&](float inverse) {
    sum_qx = 0;
    sum_q2 = 0;
    for (int i = 0; i < 32; ++i) {
      const float level = kIq4Levels[nearest_level(inverse * x[i])];
      sum_qx += weights[i] * level * x[i];
      sum_q2 += weights[i] * level * level;
    }
  };
  const float first = kIq4Levels[0];
  accumulate(1 / (-peak / first));
  float scale = sum_q2 > 0 ? sum_qx / sum_q2 : 0.0f;
  float best = scale * sum_qx;
  for (int step = -kIq4Steps; step <= kIq4Steps; ++step) {
    accumulate((static_cast<float>(step) + first) / peak);
    if (sum_q2 > 0 && sum_qx * sum_qx > best * sum_q2) {
      scale = sum_qx / sum_q2;
      best = scale * sum_qx;
    }
  }
  return scale;
}

void quantize(const float* x, float inverse, std::uint8_t* codes) {
  for (int i = 0; i < 32; ++i) {
    codes[i] = static_cast<std::uint8_t>(nearest_level(inverse * x[i]));
  }
}

}  // namespace

void encode_iq4_nl(const float* x, std::size_t blocks, const float* importance, BlockIQ4_NL* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 32, ++out) {
    const float scale =
        fit(x, importance != nullptr ? importance + 32 * b : nullptr, mean_square_doubled(x, 32));
    out->scale.store(scale);
    std::uint8_t codes[32];
    quantize(x, scale != 0 ? 1 / scale : 0.0f, codes);
    pack_halves(codes, out->codes);
  }
}

void decode_iq4_nl(const BlockIQ4_NL* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const float scale = in->scale.load();
    for (int i = 0; i < 32; ++i) {
      out[i] = scale * kIq4Levels[(in->codes[i % 16] >> (4 * (i / 16))) & 15];
    }
  }
}

void encode_iq4_xs(const float* x, std::size_t blocks, const float* importance, BlockIQ4_XS* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    const float variance = mean_square_doubled(x, 256);
    float scales[8];
    for (int j = 0; j < 8; ++j) {
      scales[j] = fit(x + 32 * j, importance != nullptr ? importance + 256 * b + 32 * j : nullptr,
                      variance);
    }
    float inverses[8];
    finish_iq4_xs(scales, out, inverses);
    for (int j = 0; j < 8; ++j) {
      std::uint8_t codes[32];
      quantize(x + 32 * j, inverses[j], codes);
      pack_halves(codes, out->codes + 16 * j);
    }
  }
}

void decode_iq4_xs(const BlockIQ4_XS* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    const int high = in->scales_high[0] | (in->scales_high[1] << 8);
    for (int i = 0; i < 256; ++i) {
      const int j = i / 32;
      const int low = (in->scales_low[j / 2] >> (4 * (j % 2))) & 15;
      const float sub = scale * static_cast<float>((low | (((high >> (2 * j)) & 3) << 4)) - 32);
      out[i] = sub * kIq4Levels[(in->codes[16 * j + i % 16] >> (4 * (i / 16 % 2))) & 15];
    }
  }
}

}  // namespace fewbits::ggml::scalar
