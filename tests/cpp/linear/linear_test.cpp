// Matrix products against integer sums, and kernels against each other.

#include "fewbits/linear.h"

#include <gtest/gtest.h>

#include <cmath>

#include "fewbits/bits.h"
#include "linear/kernels.h"
#include "support/awkward.h"

namespace fewbits::linear {
namespace {

struct Shape {
  std::size_t m, n, k;
};

constexpr Shape kShapes[] = {{0, 3, 5},  {1, 1, 1}, {1, 4, 8},     {3, 5, 7},    {4, 4, 16},
                             {7, 9, 33}, {2, 3, 0}, {100, 17, 64}, {97, 33, 129}};

std::vector<std::int8_t> random_int8(std::mt19937& random, std::size_t n) {
  std::vector<std::int8_t> values(n);
  for (auto& value : values) {
    const auto draw = static_cast<std::uint32_t>(random());
    // Extremes are frequent, as these would overflow.
    value = draw % 4 == 0 ? std::int8_t{-128} : static_cast<std::int8_t>(draw >> 8);
  }
  return values;
}

TEST(Linear, ProductsAreExact) {
  std::mt19937 random(11);
  for (const auto [m, n, k] : kShapes) {
    const auto a = random_int8(random, m * k);
    const auto b = random_int8(random, n * k);
    std::vector<std::uint8_t> four(n * ((k + 1) / 2));
    std::vector<std::int8_t> four_values(n * k);
    for (std::size_t j = 0; j < n; ++j) {
      std::vector<std::uint8_t> codes(k);
      for (std::size_t p = 0; p < k; ++p) {
        codes[p] = static_cast<std::uint8_t>(random() & 15);
        four_values[j * k + p] = static_cast<std::int8_t>((codes[p] ^ 8) - 8);
      }
      bits::pack(codes.data(), k, 4, four.data() + j * ((k + 1) / 2));
    }
    std::vector<std::uint8_t> workspace(matmul_workspace(m, n, k) + 16);
    for (const bool is_signed : {true, false}) {
      for (const bool nibbles : {false, true}) {
        const Activation activation = is_signed ? Activation::int8 : Activation::uint8;
        const Weight weight = nibbles ? Weight::int4 : Weight::int8;
        const void* weights = nibbles ? static_cast<const void*>(four.data()) : b.data();
        const auto& weight_values = nibbles ? four_values : b;
        std::vector<std::int32_t> out(m * n, -1);
        ASSERT_TRUE(
            matmul(a.data(), activation, m, weights, weight, n, k, out.data(), workspace.data())
                .ok());
        std::vector<std::int32_t> sums(n);
        row_sums(weights, weight, n, k, sums.data());
        for (std::size_t j = 0; j < n; ++j) {
          std::int64_t sum = 0;
          for (std::size_t p = 0; p < k; ++p) sum += weight_values[j * k + p];
          ASSERT_EQ(sums[j], sum);
          for (std::size_t i = 0; i < m; ++i) {
            std::int64_t expected = 0;
            for (std::size_t p = 0; p < k; ++p) {
              const int left = is_signed ? a[i * k + p] : static_cast<std::uint8_t>(a[i * k + p]);
              expected += left * weight_values[j * k + p];
            }
            ASSERT_EQ(out[i * n + j], expected) << m << " " << n << " " << k;
          }
        }
      }
    }
  }
}

TEST(Linear, TheLongestRowsDoNotOverflow) {
  const std::size_t k = kMaxInner;
  const std::vector<std::uint8_t> a(k, 255);
  const std::vector<std::int8_t> b(k, -128);
  std::vector<std::uint8_t> workspace(matmul_workspace(1, 1, k));
  std::int32_t out = 0;
  ASSERT_TRUE(
      matmul(a.data(), Activation::uint8, 1, b.data(), Weight::int8, 1, k, &out, workspace.data())
          .ok());
  EXPECT_EQ(out, -255 * 128 * 65536LL);
  EXPECT_FALSE(matmul(a.data(), Activation::uint8, 1, b.data(), Weight::int8, 1, k + 1, &out,
                      workspace.data())
                   .ok());
}

TEST(Linear, DequantizeIsTheFormula) {
  const std::int32_t accumulators[] = {1000, -2000, 30, 7};
  const float a_scales[] = {0.5f, 0.25f};
  const std::int32_t zero_points[] = {3, 0};
  const float b_scales[] = {0.125f, 2.0f};
  const std::int32_t sums[] = {10, -20};
  const float bias[] = {1.0f, -3.0f};
  float out[4];
  dequantize(accumulators, 2, 2, {a_scales, zero_points, b_scales, sums}, bias, out);
  EXPECT_EQ(out[0], (1000 - 30 + 16) * 0.0625f);
  EXPECT_EQ(out[1], (-2000 + 60 - 3) * 1.0f);
  EXPECT_EQ(out[2], (30 + 32) * 0.03125f);
  EXPECT_EQ(out[3], (7 - 6) * 0.5f);
  dequantize(accumulators, 1, 1, {a_scales, zero_points, b_scales, sums}, nullptr, out);
  EXPECT_EQ(out[0], 970 * 0.0625f);
}

#if FEWBITS_SIMD
TEST(LinearKernels, WideningAndProductsAreTheScalarOnes) {
  std::mt19937 random(5);
  for (const std::size_t n : test::kLengths) {
    test::Exact<std::uint8_t> bytes(n, 1);
    for (std::size_t i = 0; i < n; ++i) bytes.data()[i] = static_cast<std::uint8_t>(random());
    const auto* as_signed = reinterpret_cast<const std::int8_t*>(bytes.data());
    test::Exact<std::int16_t> expected(n), actual(n);
    scalar::widen_i8(as_signed, n, expected.data());
    simd::widen_i8(as_signed, n, actual.data());
    ASSERT_EQ(actual.copy(), expected.copy());
    scalar::widen_u8(bytes.data(), n, expected.data());
    simd::widen_u8(bytes.data(), n, actual.data());
    ASSERT_EQ(actual.copy(), expected.copy());
    test::Exact<std::int16_t> nibbles0(2 * n), nibbles1(2 * n);
    scalar::widen_i4(bytes.data(), 2 * n, nibbles0.data());
    simd::widen_i4(bytes.data(), 2 * n, nibbles1.data());
    ASSERT_EQ(nibbles0.copy(), nibbles1.copy());
  }
  for (const auto [m, n, k] : kShapes) {
    const std::size_t stride = (k + 7) / 8 * 8;
    std::vector<std::int16_t> a(m * stride), b(n * stride);
    for (auto& value : a) value = static_cast<std::int16_t>(static_cast<int>(random() & 255) - 128);
    for (auto& value : b) value = static_cast<std::int16_t>(static_cast<int>(random() & 255) - 128);
    std::vector<std::int32_t> expected(m * n), actual(m * n);
    scalar::multiply(a.data(), m, b.data(), n, stride, expected.data(), n);
    simd::multiply(a.data(), m, b.data(), n, stride, actual.data(), n);
    ASSERT_EQ(actual, expected);
  }
}

// Sums of k products in a different order, or fused: within k units of roundoff of the sum of
// |terms|.
TEST(LinearKernels, FloatProductsAreWithinRoundoff) {
  for (const auto [m, n, k] : kShapes) {
    const std::vector<float> a = test::make(test::Data::normal, m * k, 1);
    const std::vector<float> b = test::make(test::Data::normal, n * k, 2);
    std::vector<float> expected(m * n), actual(m * n);
    scalar::multiply_f32(a.data(), m, b.data(), n, k, expected.data(), n);
    simd::multiply_f32(a.data(), m, b.data(), n, k, actual.data(), n);
    for (std::size_t i = 0; i < m * n; ++i) {
      double terms = 0;
      for (std::size_t p = 0; p < k; ++p) {
        terms += std::fabs(a[i / n * k + p] * b[i % n * k + p]);
      }
      ASSERT_NEAR(actual[i], expected[i], terms * static_cast<double>(k) * 1.2e-7);
    }
  }
}
#endif

}  // namespace
}  // namespace fewbits::linear
