// Q1_0, Q2_0, TQ1_0, TQ2_0: signs, and codes with a single scale from the magnitudes.

#include <cmath>

#include "ggml/kernels.h"
#include "ggml/rounding.h"
#include "ggml/search.h"
#include "ggml/ternary.h"

namespace fewbits::ggml::scalar {
namespace {

float largest_magnitude(const float* x, int n) {
  return std::fabs(search::extreme(n, x));
}

/// The nearest integer, ties away from zero; 0 if int cannot hold it.
int round_away(float value) {
  const int result = truncate(std::round(value));
  return result == INT_MIN ? 0 : result;
}

}  // namespace

void encode_q1_0(const float* x, std::size_t blocks, const float* /*importance*/, BlockQ1_0* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 128, ++out) {
    float sum = 0;
    for (int i = 0; i < 128; ++i) sum += std::fabs(x[i]);
    out->scale.store(sum / 128);
    for (int i = 0; i < 16; ++i) {
      int byte = 0;
      for (int bit = 0; bit < 8; ++bit) byte |= (x[8 * i + bit] >= 0 ? 1 : 0) << bit;
      out->signs[i] = static_cast<std::uint8_t>(byte);
    }
  }
}

void decode_q1_0(const BlockQ1_0* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 128) {
    const float scale = in->scale.load();
    for (int i = 0; i < 128; ++i) out[i] = (in->signs[i / 8] >> (i % 8)) & 1 ? scale : -scale;
  }
}

void encode_q2_0(const float* x, std::size_t blocks, const float* /*importance*/, BlockQ2_0* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 64, ++out) {
    const float scale = largest_magnitude(x, 64);
    const float inverse = scale > 0 ? 1 / scale : 0.0f;
    out->scale.store(scale);
    for (int i = 0; i < 16; ++i) {
      int byte = 0;
      for (int j = 0; j < 4; ++j) {
        const int code = truncate(std::round(x[4 * i + j] * inverse)) + 1;
        byte |= clamp(code, 0, 3) << (2 * j);
      }
      out->codes[i] = static_cast<std::uint8_t>(byte);
    }
  }
}

void decode_q2_0(const BlockQ2_0* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 64) {
    const float scale = in->scale.load();
    for (int i = 0; i < 64; ++i) {
      out[i] = static_cast<float>(((in->codes[i / 4] >> (2 * (i % 4))) & 3) - 1) * scale;
    }
  }
}

void encode_tq1_0(const float* x, std::size_t blocks, const float* /*importance*/,
                  BlockTQ1_0* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    const float scale = largest_magnitude(x, 256);
    const float inverse = scale != 0 ? 1 / scale : 0.0f;
    out->scale.store(scale);
    const auto digit = [x, inverse](int i) { return round_away(x[i] * inverse) + 1; };
    for (int i = 0; i < 52; ++i) {
      int number = 0;
      for (int k = 0; k < 5; ++k) {
        const int at = ternary_index(i, k);
        number = number * 3 + (at < 256 ? digit(at) : 0);
      }
      const std::uint8_t byte = ternary_byte(number);
      (i < 48 ? out->fives[i] : out->fours[i - 48]) = byte;
    }
  }
}

void decode_tq1_0(const BlockTQ1_0* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    for (int i = 0; i < 52; ++i) {
      int fraction = i < 48 ? in->fives[i] : in->fours[i - 48];
      for (int k = 0; k < 5 && ternary_index(i, k) < 256; ++k) {
        out[ternary_index(i, k)] = static_cast<float>(((3 * fraction) >> 8) - 1) * scale;
        fraction = (3 * fraction) & 255;
      }
    }
  }
}

void encode_tq2_0(const float* x, std::size_t blocks, const float* /*importance*/,
                  BlockTQ2_0* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    const float scale = largest_magnitude(x, 256);
    const float inverse = scale != 0 ? 1 / scale : 0.0f;
    out->scale.store(scale);
    for (int i = 0; i < 64; ++i) {
      int byte = 0;
      for (int k = 0; k < 4; ++k) {
        byte |= (round_away(x[128 * (i / 32) + 32 * k + i % 32] * inverse) + 1) << (2 * k);
      }
      out->codes[i] = static_cast<std::uint8_t>(byte);
    }
  }
}

void decode_tq2_0(const BlockTQ2_0* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    for (int i = 0; i < 256; ++i) {
      const int code = (in->codes[32 * (i / 128) + i % 32] >> (2 * (i / 32 % 4))) & 3;
      out[i] = static_cast<float>(code - 1) * scale;
    }
  }
}

}  // namespace fewbits::ggml::scalar
