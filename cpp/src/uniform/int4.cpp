// The 4-bit quantizer of a small Python package.

#include "fewbits/int4.h"

#include <algorithm>
#include <cmath>

#include "uniform/kernels.h"

namespace fewbits::int4 {

float scale(uniform::Range range, ScaleMethod method) {
  float result = 0;
  if (method == ScaleMethod::absmax) {
    result = std::max(std::fabs(range.min), std::fabs(range.max)) / 7.0f;
  } else {
    const float span = range.max - range.min;
    result = std::isfinite(span) ? span / 15.0f : range.max / 15.0f - range.min / 15.0f;
  }
  return result == 0 ? 1.0f : result;
}

void quantize(const float* x, std::size_t n, float scale, bool wrap, std::int8_t* values) {
  if (!wrap) {
    // Encoded as 4-bit codes with an offset, then converted to signed bytes.
    std::uint8_t* codes = reinterpret_cast<std::uint8_t*>(values);
    const uniform::Codes four = {.max = 15, .offset = 8};
    uniform::OneBlock block = {{scale, 0.0f, 0}};
    uniform::kernels::encode_blocks(x, 1, n, block.blocks(), four, codes);
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = static_cast<std::int8_t>((codes[i] ^ 8) - 8);
    }
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const float quotient = std::nearbyint(x[i] / scale);
    // On x86, conversions beyond int32 give zeros in the low byte.
    const bool fits = quotient >= -2147483648.0f && quotient < 2147483648.0f;
    const auto low = static_cast<std::int8_t>(fits ? static_cast<std::int32_t>(quotient) : 0);
    values[i] = std::clamp<std::int8_t>(low, -8, 7);
  }
}

void dequantize(const std::int8_t* values, std::size_t n, float scale, std::int32_t zero_point,
                float* out) {
  const uniform::Codes eight = {.max = 255, .offset = 128};
  uniform::OneBlock block = {{scale, 0.0f, zero_point}};
  uniform::kernels::decode_blocks(reinterpret_cast<const std::uint8_t*>(values), 1, n,
                                  block.blocks(), eight, out);
}

}  // namespace fewbits::int4
