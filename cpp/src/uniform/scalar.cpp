#include <algorithm>
#include <cmath>
#include <limits>

#include "uniform/kernels.h"

namespace fewbits::uniform::scalar {
namespace {

float rounded(float value, Rounding rounding) {
  switch (rounding) {
    case Rounding::truncate:
      return std::trunc(value);
    case Rounding::floor:
      return std::floor(value);
    case Rounding::nearest:
      break;
  }
  return std::nearbyint(value);
}

std::uint8_t code_of(float x, const Block& block, const Codes& codes) {
  float above = x - block.minimum;
  float scale = block.scale;
  if (std::isinf(above)) {  // the range overflows float32: the same quotient from halves
    above = 0.5f * x - 0.5f * block.minimum;
    scale = 0.5f * scale;
  }
  const float level =
      rounded(above / scale, codes.rounding) + static_cast<float>(block.zero_point + codes.offset);
  // Compared as floats: the level may lie beyond what an int holds.
  const float top = static_cast<float>(codes.max);
  const int code = level <= 0.0f ? 0 : level >= top ? codes.max : static_cast<int>(level);
  return static_cast<std::uint8_t>(code ^ codes.offset);
}

float value_of(std::uint8_t code, const Block& block, const Codes& codes) {
  const std::int32_t step = (code ^ codes.offset) - (block.zero_point + codes.offset);
  const float level = static_cast<float>(step);
  const float value = level * block.scale + block.minimum;
  if (std::isfinite(value)) return value;
  // The range overflows float32: the same from halves, and what is still beyond is the largest.
  constexpr float kLargest = std::numeric_limits<float>::max();
  const float half = level * (0.5f * block.scale) + 0.5f * block.minimum;
  return 2.0f * std::clamp(half, -0.5f * kLargest, 0.5f * kLargest);
}

Block entry(const Blocks& blocks, std::size_t i) {
  return {blocks.scales[i], blocks.minima[i], blocks.zero_points[i]};
}

}  // namespace

bool widen_run(const float* x, std::size_t n, Range* out) {
  bool finite = true;
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] < out->min) out->min = x[i];
    if (x[i] > out->max) out->max = x[i];
    finite = finite && std::isfinite(x[i]);
  }
  return finite;
}

bool widen_each(const float* x, std::size_t n, float* min, float* max) {
  bool finite = true;
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] < min[i]) min[i] = x[i];
    if (x[i] > max[i]) max[i] = x[i];
    finite = finite && std::isfinite(x[i]);
  }
  return finite;
}

void encode_run(const float* x, std::size_t n, const Block& block, const Codes& codes,
                std::uint8_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = code_of(x[i], block, codes);
}

void decode_run(const std::uint8_t* in, std::size_t n, const Block& block, const Codes& codes,
                float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = value_of(in[i], block, codes);
}

void encode_each(const float* x, std::size_t n, const Blocks& blocks, const Codes& codes,
                 std::uint8_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = code_of(x[i], entry(blocks, i), codes);
}

void decode_each(const std::uint8_t* in, std::size_t n, const Blocks& blocks, const Codes& codes,
                 float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = value_of(in[i], entry(blocks, i), codes);
}

}  // namespace fewbits::uniform::scalar
