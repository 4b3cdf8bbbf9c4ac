// MXFP4, NVFP4: four-bit floats with a power of two or an E4M3 as scale.

#include <cmath>

#include "ggml/fp4.h"
#include "ggml/kernels.h"
#include "ggml/search.h"

namespace fewbits::ggml::scalar {
namespace {

/// The code of the nearest multiple; the first among equals, which has the smaller magnitude.
int nearest_code(float x, float scale) {
  int best = 0;
  float error = std::fabs(x);
  for (int code = 1; code < 16; ++code) {
    const float trial = std::fabs(kE2m1Doubled[code] * scale - x);
    if (trial < error) {
      best = code;
      error = trial;
    }
  }
  return best;
}

/// Encodes 2 * n values to n bytes: value j in the low half of byte j, value j + n in the high
/// half.
void encode_codes(const float* x, int n, float scale, std::uint8_t* out) {
  for (int j = 0; j < n; ++j) {
    out[j] =
        static_cast<std::uint8_t>(nearest_code(x[j], scale) | (nearest_code(x[j + n], scale) << 4));
  }
}

void decode_codes(const std::uint8_t* in, int n, float scale, float* out) {
  for (int j = 0; j < n; ++j) {
    out[j] = kE2m1Doubled[in[j] & 15] * scale;
    out[j + n] = kE2m1Doubled[in[j] >> 4] * scale;
  }
}

}  // namespace

void encode_mxfp4(const float* x, std::size_t blocks, const float* /*importance*/,
                  BlockMXFP4* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 32, ++out) {
    out->exponent = mxfp4_exponent(std::fabs(search::extreme(32, x)));
    encode_codes(x, 16, mxfp4_scale(out->exponent), out->codes);
  }
}

void decode_mxfp4(const BlockMXFP4* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    decode_codes(in->codes, 16, mxfp4_scale(in->exponent), out);
  }
}

void encode_nvfp4(const float* x, std::size_t blocks, const float* /*importance*/,
                  BlockNVFP4* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 64, ++out) {
    for (int j = 0; j < 4; ++j) {
      out->scales[j] = nvfp4_code(std::fabs(search::extreme(16, x + 16 * j)) / 6.0f);
      encode_codes(x + 16 * j, 8, nvfp4_scale(out->scales[j]), out->codes + 8 * j);
    }
  }
}

void decode_nvfp4(const BlockNVFP4* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 64) {
    for (int j = 0; j < 4; ++j) {
      decode_codes(in->codes + 8 * j, 8, nvfp4_scale(in->scales[j]), out + 16 * j);
    }
  }
}

}  // namespace fewbits::ggml::scalar
