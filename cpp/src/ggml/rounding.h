// Conversions whose corner cases affect the bytes of a block.

#pragma once

#include <bit>
#include <climits>
#include <cstdint>

namespace fewbits::ggml {

/// The nearest integer, ties to even, by adding 1.5 * 2^23 and reading the low bits. Beyond 2^22 it
/// wraps around, infinities give -2^22 and NaN 0: fixed results that blocks with overflowing sums
/// rely on.
inline int nearest_int(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value + 12582912.0f);
  return static_cast<int>(bits & 0x007FFFFFu) - 0x00400000;
}

/// Truncates; values that int cannot hold, and NaN, become INT_MIN, as on x86.
inline int truncate(float value) {
  return value >= -2147483648.0f && value < 2147483648.0f ? static_cast<int>(value) : INT_MIN;
}

inline int clamp(int value, int low, int high) {
  return value < low ? low : value > high ? high : value;
}

}  // namespace fewbits::ggml
