// The scalar reference of ranges, codes and values.

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
  if (std::isinf(above)) {  // the range overflows float32: the same quotient, from halves
    above = 0.5f * x - 0.5f * block.minimum;
    scale = 0.5f * scale;
  }
  const float level =
      rounded(above / scale, codes.rounding) + static_cast<float>(block.zero_point + codes.offset);
  // Compared as floats, as the level may exceed the range of int.
  const float top = static_cast<float>(codes.max);
  const int code = level <= 0.0f ? 0 : level >= top ? codes.max : static_cast<int>(level);
  return static_cast<std::uint8_t>(code ^ codes.offset);
}

float value_of(std::uint8_t code, const Block& block, const Codes& codes) {
  const std::int32_t level = (code ^ codes.offset) - (block.zero_point + codes.offset);
  if (overflows(block, codes)) {  // in double precision, clamped to the range of float32
    constexpr double kLargest = std::numeric_limits<float>::max();
    const double value = static_cast<double>(level) * block.scale + block.minimum;
    return static_cast<float>(std::clamp(value, -kLargest, kLargest));
  }
  return static_cast<float>(level) * block.scale + block.minimum;
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

bool widen_each(const float* x, std::size_t n, const Ranges& ranges) {
  bool finite = true;
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] < ranges.min[i]) ranges.min[i] = x[i];
    if (x[i] > ranges.max[i]) ranges.max[i] = x[i];
    finite = finite && std::isfinite(x[i]);
  }
  return finite;
}

bool range_blocks(const float* x, std::size_t count, std::size_t block, const Ranges& ranges) {
  bool finite = true;
  for (std::size_t i = 0; i < count; ++i) {
    Range range = kNoRange;
    finite = widen_run(x + i * block, block, &range) && finite;
    ranges.min[i] = range.min;
    ranges.max[i] = range.max;
  }
  return finite;
}

std::size_t choose_each(const Ranges& ranges, std::size_t count, const Format& format,
                        const Blocks& blocks) {
  for (std::size_t i = 0; i < count; ++i) {
    Block block;
    if (!choose({ranges.min[i], ranges.max[i]}, format, &block).ok()) return i;
    blocks.scales[i] = block.scale;
    blocks.minima[i] = block.minimum;
    blocks.zero_points[i] = block.zero_point;
  }
  return count;
}

void encode_blocks(const float* x, std::size_t count, std::size_t block, const Blocks& blocks,
                   const Codes& codes, std::uint8_t* out) {
  for (std::size_t i = 0; i < count * block; ++i) {
    out[i] = code_of(x[i], entry(blocks, i / block), codes);
  }
}

void decode_blocks(const std::uint8_t* in, std::size_t count, std::size_t block,
                   const Blocks& blocks, const Codes& codes, float* out) {
  for (std::size_t i = 0; i < count * block; ++i) {
    out[i] = value_of(in[i], entry(blocks, i / block), codes);
  }
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
