// float16 and bfloat16: all patterns, all ties, and kernels against each other.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "fewbits/floats.h"
#include "floats/half.h"
#include "floats/kernels.h"
#include "support/awkward.h"

namespace fewbits::floats {
namespace {

/// The value of 16 bits as IEEE 754 binary16, by the formula.
float by_formula(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int mantissa = half & 1023;
  const float sign = (half & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) {
    return mantissa == 0 ? sign * std::numeric_limits<float>::infinity()
                         : std::numeric_limits<float>::quiet_NaN();
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

TEST(Halves, AllPatternsOfFloat16DecodeByTheFormulaAndEncodeBack) {
  for (int pattern = 0; pattern < 65536; ++pattern) {
    const std::uint16_t half = static_cast<std::uint16_t>(pattern);
    const float expected = by_formula(half);
    const float actual = f32_from_f16(half);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(actual));
      ASSERT_EQ(f16_from_f32(actual), half | 0x200);
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(actual), std::bit_cast<std::uint32_t>(expected));
      ASSERT_EQ(f16_from_f32(actual), half);
    }
  }
}

TEST(Halves, BetweenNeighboursFloat16RoundsToNearestAndTiesToEven) {
  for (std::uint16_t half = 0; half < 0x7BFF; ++half) {
    const float low = f32_from_f16(half);
    const float high = f32_from_f16(static_cast<std::uint16_t>(half + 1));
    const float middle = low + (high - low) / 2;  // exact: float32 has the bits
    const float infinity = std::numeric_limits<float>::infinity();
    ASSERT_EQ(f16_from_f32(middle), half % 2 == 0 ? half : half + 1);
    ASSERT_EQ(f16_from_f32(std::nextafter(middle, -infinity)), half);
    ASSERT_EQ(f16_from_f32(std::nextafter(middle, infinity)), half + 1);
  }
  EXPECT_EQ(f16_from_f32(65519.996f), 0x7BFF);
  EXPECT_EQ(f16_from_f32(65520.0f), 0x7C00);
  EXPECT_EQ(f16_from_f32(-1e30f), 0xFC00);
}

TEST(Halves, AllPatternsOfBfloat16RoundTripAndTiesGoToEven) {
  for (int pattern = 0; pattern < 65536; ++pattern) {
    const std::uint16_t half = static_cast<std::uint16_t>(pattern);
    const float value = f32_from_bf16(half);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(value), static_cast<std::uint32_t>(pattern) << 16);
    if (std::isnan(value)) {
      ASSERT_EQ(bf16_from_f32(value), half | 0x40);
      continue;
    }
    ASSERT_EQ(bf16_from_f32(value), half);
    if (std::isinf(value)) continue;
    const std::uint32_t bits = static_cast<std::uint32_t>(pattern) << 16;
    ASSERT_EQ(bf16_from_f32(std::bit_cast<float>(bits | 0x7FFF)), half);
    ASSERT_EQ(bf16_from_f32(std::bit_cast<float>(bits | 0x8001)), half + 1);
    ASSERT_EQ(bf16_from_f32(std::bit_cast<float>(bits | 0x8000)), half + half % 2);
  }
}

#if FEWBITS_SIMD
TEST(HalvesKernels, BytesAreTheScalarOnes) {
  std::mt19937 random(3);
  for (const std::size_t n : test::kLengths) {
    test::Exact<float> x(n, 1);
    test::Exact<std::uint16_t> bits(n, 1);
    for (std::size_t i = 0; i < n; ++i) {
      // Half of them near the exponents at which float16 becomes subnormal or overflows.
      auto pattern = static_cast<std::uint32_t>(random());
      if (i % 2 == 0)
        pattern = (pattern & 0x80FFFFFFu) |
                  (0x30000000u + static_cast<std::uint32_t>(random() % 24 << 24));
      x.data()[i] = std::bit_cast<float>(pattern);
      bits.data()[i] = static_cast<std::uint16_t>(random());
    }
    test::Exact<std::uint16_t> expected(n, 1), actual(n, 1);
    test::Exact<float> back0(n, 1), back1(n, 1);
    scalar::encode_f16_run(x.data(), n, expected.data());
    simd::encode_f16_run(x.data(), n, actual.data());
    ASSERT_EQ(actual.copy(), expected.copy());
    scalar::encode_bf16_run(x.data(), n, expected.data());
    simd::encode_bf16_run(x.data(), n, actual.data());
    ASSERT_EQ(actual.copy(), expected.copy());
    scalar::decode_f16_run(bits.data(), n, back0.data());
    simd::decode_f16_run(bits.data(), n, back1.data());
    ASSERT_TRUE(test::same_bits(back0.data(), back1.data(), n));
    scalar::decode_bf16_run(bits.data(), n, back0.data());
    simd::decode_bf16_run(bits.data(), n, back1.data());
    ASSERT_TRUE(test::same_bits(back0.data(), back1.data(), n));
  }
}

TEST(HalvesKernels, AllPatternsDecodeAlike) {
  std::vector<std::uint16_t> patterns(65536);
  for (std::size_t i = 0; i < patterns.size(); ++i) patterns[i] = static_cast<std::uint16_t>(i);
  std::vector<float> expected(65536), actual(65536);
  scalar::decode_f16_run(patterns.data(), patterns.size(), expected.data());
  simd::decode_f16_run(patterns.data(), patterns.size(), actual.data());
  EXPECT_TRUE(test::same_bits(expected.data(), actual.data(), 65536));
}
#endif

}  // namespace
}  // namespace fewbits::floats
