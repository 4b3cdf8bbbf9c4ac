// The search for values that are NaN or infinite, in runs that compilers vectorise.

#include "base/finite.h"

#include <bit>
#include <cstdint>

namespace fewbits {
namespace {

bool finite(float value) {
  return (std::bit_cast<std::uint32_t>(value) & 0x7F800000u) != 0x7F800000u;
}

}  // namespace

std::size_t first_non_finite(const float* x, std::size_t n) {
  constexpr std::size_t run = 1024;
  for (std::size_t start = 0; start < n; start += run) {
    const std::size_t end = n - start < run ? n : start + run;
    unsigned bad = 0;  // no branch in the loop, so that it vectorises
    for (std::size_t i = start; i < end; ++i) bad |= finite(x[i]) ? 0u : 1u;
    if (bad == 0) continue;
    for (std::size_t i = start; i < end; ++i) {
      if (!finite(x[i])) return i;
    }
  }
  return n;
}

}  // namespace fewbits
