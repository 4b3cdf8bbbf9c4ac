// Shared by MXFP4 and NVFP4: E2M1 codes (0 0.5 1 1.5 2 3 4 6 and their negatives, doubled here to
// make them integers) times a scale, which is halved to match.

#pragma once

#include <bit>
#include <cstdint>

namespace fewbits::ggml {

inline constexpr std::int8_t kE2m1Doubled[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                                 0, -1, -2, -3, -4, -6, -8, -12};

/// 2^(exponent - 128).
inline float mxfp4_scale(std::uint8_t exponent) {
  const std::uint32_t bits =
      exponent < 2 ? 0x00200000u << exponent : static_cast<std::uint32_t>(exponent - 1) << 23;
  return std::bit_cast<float>(bits);
}

/// floor(log2(magnitude)) + 125 modulo 256, where the logarithm is rounded to float32 before the
/// floor: just below a power of two it already counts as that power.
inline std::uint8_t mxfp4_exponent(float magnitude) {
  if (!(magnitude > 0)) return 0;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(magnitude);
  int exponent = static_cast<int>(bits >> 23) - 127;
  if (exponent == -127) {  // subnormal
    const int shift = std::countl_zero(bits) - 8;
    bits <<= shift;
    exponent = -126 - shift;
  }
  // log2 of 2^n * (1 - k * 2^-24) is n - 1.4427 * k * 2^-24. It rounds to n when that is at most
  // half the distance from n to the float below it in magnitude or above it where n < 0.
  const int n = exponent + 1;
  const std::uint32_t k = 0x1000000u - ((bits & 0x7FFFFFu) | 0x800000u);
  if (n != 0 && k < 64) {
    const std::uint32_t size = static_cast<std::uint32_t>(n < 0 ? -n : n);
    const bool power = (size & (size - 1)) == 0 && n > 0;
    const int ulp_exponent = 31 - std::countl_zero(size) - (power ? 24 : 23);
    const double half_ulp =
        std::bit_cast<double>(static_cast<std::uint64_t>(1023 + ulp_exponent - 1) << 52);
    if (static_cast<double>(k) * 0x1p-24 * 1.4426950408889634 <= half_ulp) exponent = n;
  }
  return static_cast<std::uint8_t>(exponent + 125);
}

/// Half the value of an unsigned E4M3; its NaN code counts as 0.
inline float nvfp4_scale(std::uint8_t code) {
  if (code == 0 || code == 0x7F) return 0.0f;
  const int exponent = (code >> 3) & 15;
  const int mantissa = code & 7;
  if (exponent == 0) return static_cast<float>(mantissa) * 0x1p-10f;
  return std::bit_cast<float>(static_cast<std::uint32_t>(exponent + 119) << 23 |
                              static_cast<std::uint32_t>(mantissa) << 20);
}

/// The unsigned E4M3 of a scale >= 0, ties up; from 256 on always the largest, 448.
inline std::uint8_t nvfp4_code(float scale) {
  if (!(scale > 0)) return 0;
  if (scale >= 256.0f) return 0x7E;
  if (scale < 0x1p-6f) {  // subnormal
    const int mantissa = static_cast<int>(scale * 512.0f + 0.5f);
    return static_cast<std::uint8_t>(mantissa < 7 ? mantissa : 7);
  }
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(scale);
  const std::uint32_t rounded = ((bits - 0x3C000000u) + 0x80000u) >> 20;  // bias 127 to 7
  return static_cast<std::uint8_t>(rounded < 0x78 ? rounded : 0x7E);
}

}  // namespace fewbits::ggml
