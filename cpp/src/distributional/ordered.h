// Floats as integers with the same order, for bisection down to the last bit.

#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace fewbits::distributional {

/// Bit patterns as integers that have the order of the floats.
inline std::int64_t ordered(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  return bits < 0 ? std::int64_t{std::numeric_limits<std::int32_t>::min()} - bits : bits;
}
inline float float_of(std::int64_t key) {
  const auto bits = static_cast<std::int32_t>(key);
  return std::bit_cast<float>(bits < 0 ? std::numeric_limits<std::int32_t>::min() - bits : bits);
}

inline std::int64_t ordered(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  return bits < 0 ? std::numeric_limits<std::int64_t>::min() - bits : bits;
}
inline double double_of(std::int64_t key) {
  return std::bit_cast<double>(key < 0 ? std::numeric_limits<std::int64_t>::min() - key : key);
}

/// The smallest key in [first, last] for which `reached`, a monotone predicate, holds; last + 1 if
/// there is none. The search starts near `guess`. |first| and |last| < 2^63 - 2^52.
template <typename Reached>
std::int64_t first_reached(std::int64_t first, std::int64_t last, std::int64_t guess,
                           const Reached& reached) {
  // Gallop to a bracket (low, high], then bisect.
  constexpr std::int64_t kLongest = std::int64_t{1} << 61;
  std::int64_t low = first - 1;
  std::int64_t high = last + 1;
  if (reached(guess)) {
    high = guess;
    for (std::int64_t step = 1; step <= kLongest && high >= first + step; step *= 2) {
      if (!reached(high - step)) {
        low = high - step;
        break;
      }
      high -= step;
    }
  } else {
    low = guess;
    for (std::int64_t step = 1; step <= kLongest && low <= last - step; step *= 2) {
      if (reached(low + step)) {
        high = low + step;
        break;
      }
      low += step;
    }
  }
  while (high > low + 1) {
    const std::int64_t middle = (low >> 1) + (high >> 1) + (low & high & 1);
    (reached(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace fewbits::distributional
