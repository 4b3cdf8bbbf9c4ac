// Values at the ends of their range, one at a time.

#include <algorithm>

#include "floats/half.h"
#include "ggml/ends.h"

namespace fewbits::ggml::scalar {
namespace {

bool is_end(HalfRange range, float x, std::uint16_t half) {
  const unsigned exponent = half & range.exponent;
  return exponent == range.exponent || (range.subnormals && exponent == 0 && x != 0);
}

}  // namespace

EndGroup encode_to_ends(HalfRange range, const float* x, std::uint16_t* halves, std::size_t start,
                        std::size_t n) {
  for (; start < n; start += kEndGroup) {
    const std::size_t end = std::min(start + kEndGroup, n);
    for (std::size_t i = start; i < end; ++i) {
      halves[i] = range == kF16Range ? floats::f16_from_f32(x[i]) : floats::bf16_from_f32(x[i]);
    }
    const EndGroup ends = next_ends(range, x, halves, start, end);
    if (ends.lanes != 0) return ends;
  }
  return {n, 0};
}

EndGroup next_ends(HalfRange range, const float* x, const std::uint16_t* halves, std::size_t start,
                   std::size_t n) {
  for (; start < n; start += kEndGroup) {
    std::uint32_t lanes = 0;
    for (std::size_t j = 0; j < kEndGroup && start + j < n; ++j) {
      if (is_end(range, x[start + j], halves[start + j])) lanes |= std::uint32_t{1} << j;
    }
    if (lanes != 0) return {start, lanes};
  }
  return {n, 0};
}

}  // namespace fewbits::ggml::scalar
