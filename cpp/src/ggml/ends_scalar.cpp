// Values at the ends of their range, one at a time.

#include "ggml/ends.h"

namespace fewbits::ggml::scalar {
namespace {

bool is_end(HalfRange range, float x, std::uint16_t half) {
  const unsigned exponent = half & range.exponent;
  return exponent == range.exponent || (range.subnormals && exponent == 0 && x != 0);
}

}  // namespace

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
